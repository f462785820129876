from __future__ import annotations

from playtest.local_aws import LocalAws


def test_the_real_template_deploys_with_every_resource(local_aws: LocalAws) -> None:
    """All of template.yaml comes up, but for what its own conditions leave out."""
    resources = local_aws.stack.transformed["Resources"]
    missing = set(resources) - set(local_aws.stack.physical_ids)
    holding = {None, "HasFirmwareBucket"}  # the plant has one
    assert missing == {name for name, resource in resources.items() if resource.get("Condition") not in holding}
    assert "ReadFirmwarePolicy" in local_aws.stack.physical_ids
    local_aws.settle()


def test_every_function_has_a_handler_and_a_role(local_aws: LocalAws) -> None:
    """Each function of the template resolves in this tree."""
    from playtest.local_aws.lambda_bridge import function, resolve  # noqa: PLC0415 - the local AWS must be up first

    functions = local_aws.stack.of_type("AWS::Lambda::Function")
    assert functions
    assert all(callable(resolve(function(physical).handler)) for physical in functions.values())
