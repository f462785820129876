"""The template as a whole: its order, its parameters, its outputs, and the two stages that it is deployed as."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from cordon.model.incident import IncidentStatus
from cordon.settings import Settings

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]

SECTIONS = ["Metadata", "Parameters", "Mappings", "Conditions", "Globals", "Resources", "Outputs"]
BOUNDS = {"AllowedValues", "AllowedPattern", "MinValue"}
OUTPUTS = {
    "AlarmTopicArn",  # these two are what somebody enters in Device Defender
    "AlarmPublisherRoleArn",
    "PageTopicArn",  # this one what he subscribes his pager to
    "BusName",  # and this one where he adds his own playbook
    "IncidentsTableName",  # these two outlive the stack
    "EvidenceBucketName",
    "AlarmQueueUrl",  # the queues are what somebody looks into when an alarm goes off
    "AlarmDeadLetterQueueUrl",
    "RejectedQueueUrl",
    "DeliveryDeadLetterQueueUrl",
}
OUTCOMES = {IncidentStatus.OBSERVED, IncidentStatus.CONTAINED, IncidentStatus.PARTIAL}  # of `outcome_of`
# What dev and prod may differ in: the stage, and names that are one to an account. All else is tried in dev.
OF_A_STAGE = {"stack_name", "s3_prefix", "tags", "parameter_overrides"}
OVERRIDES_OF_A_STAGE = {"Stage", "QuarantineGroupName"}


def samconfig() -> Json:
    """samconfig.toml."""
    return tomllib.loads((ROOT / "samconfig.toml").read_text())


def overrides(environment: Json) -> dict[str, str]:
    """The parameters that an environment of samconfig.toml sets."""
    pairs = (pair.partition("=") for pair in environment["deploy"]["parameters"]["parameter_overrides"])
    return {name: value for name, _, value in pairs}


def test_sections_stand_in_the_order_of_the_house(written: Json) -> None:
    """Somebody who knows one template of ours finds his way in the next."""
    assert [name for name in written if name in SECTIONS] == SECTIONS


def test_every_parameter_is_described_and_bounded(written: Json) -> None:
    """A wrong value is refused when the stack is deployed, and not by a function at night."""
    parameters = written["Parameters"]
    assert [name for name, one in parameters.items() if len(one.get("Description", "")) < 30] == []
    assert [name for name, one in parameters.items() if not BOUNDS & set(one)] == []
    assert [name for name, one in parameters.items() if "MinValue" in one and "MaxValue" not in one] == []
    assert [
        name for name, one in parameters.items() if "AllowedPattern" in one and "ConstraintDescription" not in one
    ] == []


def test_every_parameter_stands_in_a_group_with_a_label(written: Json) -> None:
    """The console shows questions in groups, not a list of identifiers."""
    interface = written["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(written["Parameters"])
    assert set(interface["ParameterLabels"]) == set(written["Parameters"])


def test_every_parameter_has_a_default_that_its_bounds_allow(written: Json) -> None:
    """The stack can be deployed without a single answer, and is then as careful as it can be."""
    for name, one in written["Parameters"].items():
        default = one["Default"]
        assert "AllowedValues" not in one or default in one["AllowedValues"], name
        assert "AllowedPattern" not in one or re.search(one["AllowedPattern"], default), name
        assert "MinValue" not in one or one["MinValue"] <= default <= one["MaxValue"], name


def test_no_deploy_says_how_far_cordon_goes(written: Json) -> None:
    """That is the response policy's to say, and no deploy puts one there or takes it away."""
    assert [name for name in written["Parameters"] if name.startswith(("Mode", "AutomaticBudget"))] == []
    bucket = written["Resources"]["PolicyBucket"]
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_every_setting_of_the_code_is_in_every_function(functions: Json) -> None:
    """The environment that the template gives is the one that `cordon.settings` reads, no more and no less."""
    wanted = {f"CORDON_{field.upper()}" for field in Settings.model_fields}
    for name, one in functions.items():
        given = {key for key in one["Environment"]["Variables"] if key.startswith("CORDON_")}
        assert given == wanted, name


def test_outputs_name_what_people_need(written: Json) -> None:
    """Nobody has to look for the topic, the role, the queues or what outlives the stack."""
    assert set(written["Outputs"]) >= OUTPUTS
    assert [name for name, one in written["Outputs"].items() if not one.get("Description")] == []


def test_no_arn_and_no_address_is_bound_to_one_partition(written: Json) -> None:
    """The template works in the partitions of China and GovCloud too, whose ARNs begin otherwise."""
    text = json.dumps({name: written[name] for name in SECTIONS})
    assert re.findall(r"arn:aws[\w-]*:|amazonaws\.com(?!\")", text) == []


def test_stages_differ_only_in_stage_and_names() -> None:
    """What runs in prod is what was tried in dev."""
    config = samconfig()
    dev, prod = config["dev"], config["prod"]
    for command in dev.keys() | prod.keys():
        one, other = dev[command]["parameters"], prod[command]["parameters"]
        assert {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)} <= OF_A_STAGE, command
    assert set(overrides(dev)) == set(overrides(prod)) == OVERRIDES_OF_A_STAGE
    assert (overrides(dev)["Stage"], overrides(prod)["Stage"]) == ("dev", "prod")


def test_sam_without_a_stage_means_dev() -> None:
    """Who forgets to name a stage does not deploy to prod."""
    config = samconfig()
    assert config["default"] == config["dev"]


def dashboard(deployed: Json) -> tuple[Json, set[str]]:
    """The dashboard's body, and what its places are filled with."""
    template = deployed["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    return json.loads(re.sub(r"\$\{[\w:.]+\}", "x", template)), set(re.findall(r"\$\{([\w:.]+)\}", template))


def test_dashboard_is_json_and_shows_every_function(deployed: Json, functions: Json) -> None:
    """CloudWatch takes the body, which shows each function's errors and how much waits for a person."""
    body, shown = dashboard(deployed)
    assert {widget["type"] for widget in body["widgets"]} == {"metric"}
    queues = {f"{queue}.QueueName" for queue in ("AlarmDeadLetterQueue", "RejectedQueue", "DeliveryDeadLetterQueue")}
    assert shown >= set(functions) | queues


def test_dashboard_shows_what_the_code_counts(deployed: Json) -> None:
    """Every metric of ours, and none that nobody writes: an empty line looks like a quiet fleet."""
    widgets = [widget["properties"]["metrics"] for widget in dashboard(deployed)[0]["widgets"]]
    shown = {row[1] for rows in widgets if rows[0][0] == "Cordon" for row in rows if row[0] != "..."}
    code = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    by_name = set(re.findall(r'\b(?:count|measure_seconds)\("(\w+)"', code))
    assert 'count(f"Incident{incident.status.title()}")' in code
    assert shown == by_name | {f"Incident{status.title()}" for status in OUTCOMES}
