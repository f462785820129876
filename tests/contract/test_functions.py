"""Every function is like every other: its own role, log group, alarm, limits, and nothing lost behind its back."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ASYNCHRONOUS = {"CatchUnexpectedEndFunction", "SweepFunction"}
"""Functions that a rule or a schedule invokes: nobody waits for their answer."""
LONGEST = 60  # seconds; a step that works longer holds its thing's lock and tells nobody
LONGEST_SWEEP = 120  # it holds no lock, and its parts have each a share; the next one comes after 300


def get_att(name: str, attribute: str = "Arn") -> Json:
    """`!GetAtt name.attribute`, as the transform spells it."""
    return {"Fn::GetAtt": [name, attribute]}


def is_about(alarm: Json, metric: str, dimension: str, value: Json) -> bool:
    """Say whether this alarm looks at that metric of that resource."""
    return alarm.get("MetricName") == metric and {"Name": dimension, "Value": value} in alarm.get("Dimensions", [])


def test_every_function_has_a_role_of_its_own(functions: Json, of_type: Json) -> None:
    """What one function may do, no other may because of it."""
    roles = [one["Role"]["Fn::GetAtt"][0] for one in functions.values()]
    assert len(set(roles)) == len(functions)
    assert set(roles) <= set(of_type["AWS::IAM::Role"])


def test_every_function_logs_json_into_a_group_of_its_own_that_forgets(functions: Json, of_type: Json) -> None:
    """Logs can be searched by field, end after the days of the parameter, and mix with nobody's."""
    groups = of_type["AWS::Logs::LogGroup"]
    for name, one in functions.items():
        assert one["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}, name
        assert one["LoggingConfig"]["LogFormat"] == "JSON", name
        assert groups[f"{name}LogGroup"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_every_log_group_is_some_functions_or_playbooks(functions: Json, of_type: Json) -> None:
    """A group that nothing writes to is left over from something."""
    owners = set(functions) | set(of_type["AWS::StepFunctions::StateMachine"])
    assert set(of_type["AWS::Logs::LogGroup"]) == {f"{owner}LogGroup" for owner in owners}


def test_every_function_has_an_alarm_on_its_errors_that_pages(functions: Json, of_type: Json) -> None:
    """No function fails unseen."""
    alarms = of_type["AWS::CloudWatch::Alarm"]
    for name in functions:
        alarm = alarms[f"{name}ErrorsAlarm"]
        assert is_about(alarm, "Errors", "FunctionName", {"Ref": name}), name
        assert name.removesuffix("Function") in alarm["AlarmDescription"] or alarm["Threshold"] == 1, name


def test_every_alarm_pages_and_says_what_it_means(of_type: Json) -> None:
    """An alarm that only turns red somewhere wakes nobody."""
    for name, alarm in of_type["AWS::CloudWatch::Alarm"].items():
        assert alarm["AlarmActions"] == [{"Ref": "PageTopic"}], name
        assert len(alarm["AlarmDescription"]) > 40, name
        assert "TreatMissingData" in alarm, name


def test_every_function_is_limited_and_traced(functions: Json) -> None:
    """Each runs on the current Python and the chosen processor, is traced, and ends in a minute, the sweep in two."""
    for name, one in functions.items():
        assert one["Runtime"] == "python3.13", name
        assert one["Architectures"] == [{"Ref": "Architecture"}], name
        assert one["TracingConfig"] == {"Mode": "Active"}, name
        assert 0 < one["Timeout"] <= (LONGEST_SWEEP if name == "SweepFunction" else LONGEST), name
        assert {"Key": "application", "Value": "cordon"} in one["Tags"], name
        assert one["Description"], name


def test_globals_give_no_function_a_permission(written: Json) -> None:
    """What a function may do stands beside it, where it is read."""
    granting = {"Policies", "Role", "PermissionsBoundary", "DeadLetterQueue", "EventInvokeConfig", "VpcConfig"}
    assert granting & set(written["Globals"]["Function"]) == set()


def test_what_an_asynchronous_function_fails_on_is_kept(of_type: Json) -> None:
    """An event that Lambda gives up on goes to a queue with an alarm, after retries and within a bounded time."""
    configurations = of_type["AWS::Lambda::EventInvokeConfig"]
    assert {one["FunctionName"]["Ref"] for one in configurations.values()} == ASYNCHRONOUS
    for name, one in configurations.items():
        assert one["DestinationConfig"]["OnFailure"]["Destination"] == get_att("DeliveryDeadLetterQueue"), name
        assert one["MaximumRetryAttempts"] == 2, name
        assert one["MaximumEventAgeInSeconds"] <= 3600, name


def test_every_function_that_is_invoked_asynchronously_is_known_to_be(of_type: Json, functions: Json) -> None:
    """A function that a rule targets is in the list above, so that its failures are kept."""
    targets = [target["Arn"] for rule in of_type["AWS::Events::Rule"].values() for target in rule["Targets"]]
    assert {arn["Fn::GetAtt"][0] for arn in targets if "Fn::GetAtt" in arn} & set(functions) == ASYNCHRONOUS


def test_only_our_own_rules_may_invoke_a_function(of_type: Json) -> None:
    """A permission to invoke names the one rule that has it."""
    for name, one in of_type["AWS::Lambda::Permission"].items():
        assert one["Principal"] == "events.amazonaws.com", name
        assert one["SourceArn"]["Fn::GetAtt"][0] in of_type["AWS::Events::Rule"], name


def test_silence_of_the_sweep_is_an_alarm(of_type: Json) -> None:
    """What watches the others is watched: that nothing ran pages too."""
    alarm = of_type["AWS::CloudWatch::Alarm"]["SweepFunctionSilentAlarm"]
    assert is_about(alarm, "Invocations", "FunctionName", {"Ref": "SweepFunction"})
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("LessThanThreshold", "breaching")
