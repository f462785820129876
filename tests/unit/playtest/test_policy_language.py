"""The policy language decides as AWS IoT does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playtest.fleet.policy_language import Decision, PolicyDocumentError, Request, decide, parse, resolve

IOT = "arn:aws:iot:eu-west-1:123456789012"
ALLOWED, DENIED, UNSAID = Decision.ALLOWED, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY


def document(*statements: dict[str, Any]) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    """One statement."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def decision(*texts: str, action: str = "iot:Connect", resource: str = "client/pump-01", **variables: Any) -> Decision:
    """What the documents say to an act of pump-01."""
    values = {name.replace("__", ":").replace("_", "."): value for name, value in variables.items()}
    return decide([parse(text) for text in texts], Request(action, f"{IOT}:{resource}", values))


@pytest.mark.parametrize(
    ("allowed", "asked", "expected"),
    [
        ("client/pump-01", "client/pump-01", ALLOWED),
        ("client/pump-01", "client/pump-011", UNSAID),
        ("client/PUMP-01", "client/pump-01", UNSAID),
        ("client/pump-*", "client/pump-01", ALLOWED),
        ("client/pump-0?", "client/pump-01", ALLOWED),
        ("client/pump-0?", "client/pump-0", UNSAID),
        ("client/pump-0?", "client/pump-012", UNSAID),
        ("topic/a/*", "topic/a/b/c", ALLOWED),
        ("topic/a/*", "topic/a/", ALLOWED),
        ("topic/a/*", "topic/a", UNSAID),
        ("topic/a.c", "topic/abc", UNSAID),
        ("topicfilter/a/+/c", "topicfilter/a/+/c", ALLOWED),
        ("topicfilter/a/+/c", "topicfilter/a/b/c", UNSAID),
        ("topicfilter/a/#", "topicfilter/a/#", ALLOWED),
        ("topicfilter/a/#", "topicfilter/a/b", UNSAID),
        ("topicfilter/a/*", "topicfilter/a/#", ALLOWED),
        ("*", "topic/a\nb", ALLOWED),
    ],
)
def test_a_resource_matches_by_star_and_question_mark_only(allowed: str, asked: str, expected: Decision) -> None:
    """`*` and `?` are wildcards, while `+`, `#` and the letters of regular expressions stand for themselves."""
    resource = allowed if allowed == "*" else f"{IOT}:{allowed}"
    assert decision(document(statement("Allow", "iot:*", resource)), resource=asked) is expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("iot:Connect", ALLOWED),
        ("iot:connect", ALLOWED),
        ("iot:*", ALLOWED),
        ("*", ALLOWED),
        ("iot:Con*", ALLOWED),
        (["iot:Publish", "iot:Connect"], ALLOWED),
        ("iot:Publish", UNSAID),
        (["iot:Publish", "iot:Subscribe"], UNSAID),
        ("greengrass:*", UNSAID),
    ],
)
def test_an_action_is_a_text_or_a_list_of_them(action: Any, expected: Decision) -> None:
    """One match among the actions is enough, and upper and lower case are the same."""
    assert decision(document(statement("Allow", action, "*"))) is expected


def test_a_deny_beats_every_allow() -> None:
    """An explicit deny in any document wins, wherever it stands."""
    allow, deny = document(statement("Allow", "*", "*")), document(statement("Deny", "iot:Connect", "*"))
    assert decision(allow, deny) is DENIED
    assert decision(deny, allow) is DENIED
    assert decision(document(statement("Allow", "*", "*"), statement("Deny", "iot:Connect", "*"))) is DENIED
    assert decision(allow, deny, action="iot:Publish") is ALLOWED


def test_what_nobody_allows_is_denied() -> None:
    """Without a policy, or without a statement that matches, the answer is no."""
    assert decision() is UNSAID
    assert decision(document(statement("Deny", "iot:Publish", "*"))) is UNSAID


OWN = f"{IOT}:client/${{iot:Connection.Thing.ThingName}}"


@pytest.mark.parametrize(
    ("resource", "variables", "expected"),
    [
        (OWN, {"iot__Connection_Thing_ThingName": "pump-01"}, ALLOWED),
        (OWN, {"iot__Connection_Thing_ThingName": "pump-02"}, UNSAID),
        (OWN, {}, UNSAID),
        (OWN, {"iot__Connection_Thing_ThingName": "*"}, UNSAID),
        (f"{IOT}:client/${{iot:ClientId}}", {"iot__ClientId": "pump-01"}, ALLOWED),
        (f"{IOT}:client/*-${{line}}", {"line": "01"}, ALLOWED),
        (f"{IOT}:client/${{list}}", {"list": ("pump-01",)}, UNSAID),
    ],
)
def test_a_variable_stands_for_its_value(resource: str, variables: dict[str, Any], expected: Decision) -> None:
    """A value is taken letter by letter, wildcards in it too, and without a value the statement matches nothing."""
    assert decision(document(statement("Allow", "*", resource)), **variables) is expected


def test_a_deny_with_an_unknown_variable_denies_nothing() -> None:
    """A statement that cannot be resolved does not match, whatever its effect."""
    allow, deny = statement("Allow", "*", "*"), statement("Deny", "*", f"{IOT}:client/${{nobody}}")
    assert decision(document(allow, deny)) is ALLOWED
    deny = statement("Deny", "*", "*", Condition={"StringNotEquals": {"who": "${nobody}"}})
    assert decision(document(allow, deny)) is ALLOWED


@pytest.mark.parametrize(
    ("condition", "variables", "expected"),
    [
        ({"StringEquals": {"who": "a"}}, {"who": "a"}, ALLOWED),
        ({"StringEquals": {"who": ["a", "b"]}}, {"who": "b"}, ALLOWED),
        ({"StringEquals": {"who": "A"}}, {"who": "a"}, UNSAID),
        ({"StringEquals": {"who": "a"}}, {}, UNSAID),
        ({"StringEquals": {"who": "${me}"}}, {"who": "a", "me": "a"}, ALLOWED),
        ({"StringEqualsIfExists": {"who": "a"}}, {}, ALLOWED),
        ({"StringEqualsIgnoreCase": {"who": "A"}}, {"who": "a"}, ALLOWED),
        ({"StringNotEquals": {"who": "a"}}, {"who": "b"}, ALLOWED),
        ({"StringNotEquals": {"who": ["a", "b"]}}, {"who": "b"}, UNSAID),
        ({"StringNotEquals": {"who": "a"}}, {}, ALLOWED),
        ({"StringLike": {"who": "a*c?"}}, {"who": "abbcd"}, ALLOWED),
        ({"StringLike": {"who": "a*"}}, {"who": "ba"}, UNSAID),
        ({"StringNotLike": {"who": "a*"}}, {"who": "ab"}, UNSAID),
        ({"ArnLike": {"who": "arn:*:x"}}, {"who": "arn:aws:x"}, ALLOWED),
        ({"Bool": {"who": "true"}}, {"who": "true"}, ALLOWED),
        ({"Bool": {"who": True}}, {"who": "false"}, UNSAID),
        ({"Bool": {"who": ["true"]}}, {}, UNSAID),
        ({"Null": {"who": "true"}}, {}, ALLOWED),
        ({"Null": {"who": "false"}}, {}, UNSAID),
        ({"IpAddress": {"who": "10.0.0.0/8"}}, {"who": "10.1.2.3"}, ALLOWED),
        ({"NotIpAddress": {"who": "10.0.0.0/8"}}, {"who": "10.1.2.3"}, UNSAID),
        ({"NumericLessThan": {"who": "10"}}, {"who": "9"}, ALLOWED),
        ({"NumericGreaterThanEquals": {"who": "10"}}, {"who": "9"}, UNSAID),
        ({"ForAnyValue:StringEquals": {"who": ["a", "b"]}}, {"who": ("b", "c")}, ALLOWED),
        ({"ForAnyValue:StringEquals": {"who": ["a"]}}, {"who": ("b", "c")}, UNSAID),
        ({"ForAnyValue:StringEquals": {"who": ["a"]}}, {}, UNSAID),
        ({"ForAnyValue:StringNotEquals": {"who": ["a"]}}, {}, UNSAID),
        ({"ForAllValues:StringEquals": {"who": ["a", "b"]}}, {"who": ("a", "b")}, ALLOWED),
        ({"ForAllValues:StringEquals": {"who": ["a", "b"]}}, {"who": ("a", "c")}, UNSAID),
        ({"ForAllValues:StringLike": {"who": "a*"}}, {}, ALLOWED),
        ({"StringNotEquals": {"who": "a"}}, {"who": ("a", "b")}, UNSAID),
        ({"StringEquals": {"who": "a"}, "Bool": {"well": "true"}}, {"who": "a", "well": "false"}, UNSAID),
        ({"StringEquals": {"who": "a", "well": "b"}}, {"who": "a", "well": "b"}, ALLOWED),
        ({}, {}, ALLOWED),
    ],
)
def test_a_statement_holds_where_all_its_conditions_do(
    condition: Any, variables: dict[str, Any], expected: Decision
) -> None:
    """Each operator compares as the IAM reference says, keys without a value included."""
    assert decision(document(statement("Allow", "*", "*", Condition=condition)), **variables) is expected


@pytest.mark.parametrize(
    ("text", "element"),
    [
        ("", "document"),
        ("{", "document"),
        ("[]", "document"),
        ("[" * 100_000, "document"),
        ("null", "document"),
        ('{"Statement": []}', "Version"),
        ('{"Version": "2020-01-01", "Statement": []}', "Version"),
        ('{"Version": "2012-10-17"}', "Statement"),
        ('{"Version": "2012-10-17", "Statement": []}', "Statement"),
        ('{"Version": "2012-10-17", "Statement": ["x"]}', "Statement"),
        ('{"Version": "2012-10-17", "Statements": []}', "Statements"),
        (document(statement("Permit", "*", "*")), "Effect"),
        (document({"Effect": "Allow", "Resource": "*"}), "Action"),
        (document({"Effect": "Allow", "Action": "*"}), "Resource"),
        (document(statement("Allow", [], "*")), "Action"),
        (document(statement("Allow", "*", [7])), "Resource"),
        (document(statement("Allow", "*", "*", NotAction="iot:Connect")), "NotAction"),
        (document(statement("Allow", "*", "*", NotResource="*")), "NotResource"),
        (document(statement("Allow", "*", "*", Principal="*")), "Principal"),
        (document(statement("Allow", "*", "*", Condition=[])), "Condition"),
        (document(statement("Allow", "*", "*", Condition={"StringSounds": {"a": "b"}})), "Condition"),
        (document(statement("Allow", "*", "*", Condition={"ForSome:StringEquals": {"a": "b"}})), "Condition"),
        (document(statement("Allow", "*", "*", Condition={"Bool": "true"})), "Condition.Bool"),
        (document(statement("Allow", "*", "*", Condition={"Bool": {"a": {}}})), "Condition.Bool.a"),
    ],
)
def test_a_document_that_aws_would_refuse_is_refused_by_name(text: str, element: str) -> None:
    """What is wrong is said with the element that it is about; an operator that is not known is never guessed."""
    with pytest.raises(PolicyDocumentError) as refusal:
        parse(text)
    assert refusal.value.element == element


@pytest.mark.parametrize(("operator", "wanted"), [("IpAddress", "no network"), ("NumericEquals", "many")])
def test_a_comparison_of_unlike_things_raises(operator: str, wanted: str) -> None:
    """A condition that cannot be compared is an error, not an answer."""
    text = document(statement("Allow", "*", "*", Condition={operator: {"who": wanted}}))
    with pytest.raises(PolicyDocumentError):
        decision(text, who="7")


unhurried = settings(deadline=None)  # a busy machine is no failure
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="*?${}"), min_size=1, max_size=20)
EFFECTS = st.sampled_from(["Allow", "Deny"])
ACTIONS = st.sampled_from(["iot:Connect", "iot:Publish", "iot:*", "*"])
ANYTHING = st.sampled_from(["Allow", "*", "2012-10-17", "iot:Connect", ["*"], [1], {"*": "*"}, [], {}, 0, True, None])
PARTS = ("Effect", "Action", "Resource", "NotAction", "Condition", "Sid", "Id")
ALMOST_STATEMENTS = st.dictionaries(st.sampled_from(PARTS), ANYTHING)
ALMOST_POLICIES = st.dictionaries(
    st.sampled_from(["Version", "Statement", "Id"]), ANYTHING | ALMOST_STATEMENTS | st.lists(ALMOST_STATEMENTS)
)
STATEMENTS = st.lists(st.builds(statement, EFFECTS, ACTIONS, st.sampled_from(["*", f"{IOT}:client/*"])), min_size=1)


@unhurried
@given(NAMES)
def test_a_name_without_wildcards_matches_itself_and_nothing_longer(name: str) -> None:
    """Whatever a client is called, a literal resource is about that client and no other."""
    text = document(statement("Allow", "*", f"{IOT}:client/{name}"))
    assert decision(text, resource=f"client/{name}") is ALLOWED
    assert decision(text, resource=f"client/{name}x") is UNSAID


@unhurried
@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_a_variable_never_widens_what_is_allowed(value: str, asked: str) -> None:
    """A client id that holds wildcards or variables allows that id alone."""
    text = document(statement("Allow", "*", f"{IOT}:client/${{iot:ClientId}}"))
    assert (decision(text, resource=f"client/{asked}", iot__ClientId=value) is ALLOWED) == (asked == value)


@unhurried
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_documents_does_not_matter(statements: list[dict[str, Any]], dice: Any) -> None:
    """The same statements in any order, in one document or in many, say the same."""
    shuffled = dice.sample(statements, len(statements))
    assert decision(document(*statements)) is decision(*(document(each) for each in shuffled))


@unhurried
@given(STATEMENTS)
def test_one_more_deny_never_allows(statements: list[dict[str, Any]]) -> None:
    """Adding a deny can only take something away."""
    assert decision(document(*statements, statement("Deny", "iot:Connect", "*"))) is DENIED


@unhurried
@given(st.text(max_size=40) | ALMOST_POLICIES.map(json.dumps))
def test_any_text_is_a_policy_or_is_refused(text: str) -> None:
    """No text brings the parser down, and by what it takes for a policy an act can be decided."""
    try:
        taken = parse(text)
    except PolicyDocumentError:
        return
    assert decide([taken], Request("iot:Connect", f"{IOT}:client/pump-01", {})) in Decision


def test_resolve_replaces_every_variable_or_none() -> None:
    """A text with one unknown variable has no value at all."""
    assert resolve("${a}/${b}", {"a": "1", "b": "2"}) == "1/2"
    assert resolve("${a}/${b}", {"a": "1"}) is None
