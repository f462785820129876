"""What a desk answers in these tests: the answers of `response/showing.py` and `steps/desk.py`, in their form."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ID = "inc-20261123-0123456789"
HASH, OTHER_HASH = "a" * 64, "b" * 64
MARIA = "arn:aws:iam::123456789012:user/maria"
CERTIFICATE = "certificate/" + "f" * 64
POLICY: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}


def a_change(**changed: Any) -> Json:
    """A certificate that is shut off."""
    facts = {"action": "certificate_status", "resource": CERTIFICATE, "before": "ACTIVE", "after": "INACTIVE"}
    return {**facts, "reversible": True, "hits": ["pump-01"], **changed}


def a_plan(hash_: str = HASH, incident: str = ID, **changed: Any) -> Json:
    """A plan whose policy is named for the incident."""
    policy = a_change(action="iot_policy", resource=f"policy/cordon-{incident}", before=None, after=POLICY, hits=[])
    effect = {"action": "drop_session", "resource": "connection/pump-01", "hits": ["pump-01"]}
    gap = {"resource": "sts/device", "reason": "the role carries no deny policy"}
    return {"hash": hash_, "changes": [a_change(), policy], "effects": [effect], "gaps": [gap], **changed}


def a_dry_run(**changed: Any) -> Json:
    """POST /plan."""
    about = {"playbook": "contain_thing", "thing_name": "pump-01", "incident_id": None}
    judged = {"mode": "approve", "containment": "isolate", "decision": "approve", "blockers": [], "questions": []}
    plan = a_plan("c" * 64, "inc-00000000-0000000000")
    return {**about, **judged, "identities_needed": 1, "plan": plan, **changed}


def a_request(**changed: Any) -> Json:
    """A request for approval within an incident."""
    moments = {"requested_at": "2026-11-23T12:00:00+00:00", "expires_at": "2026-11-23T13:00:00+00:00"}
    facts = {"number": 1, "status": "pending", "plan_hash": HASH, "policy_hash": None, "requested_by": None}
    more: Json = {"identities_needed": 1, "irreversible": False, "cleared_at": None, "decisions": []}
    return {**facts, **moments, **more, **changed}


def an_incident(status: str = "awaiting_approval", **changed: Any) -> Json:
    """GET /incidents/{id}."""
    facts = {"id": ID, "status": status, "playbook": "contain_thing", "thing_name": "pump-01", "severity": "high"}
    said = {"summary": "pump-01 sent too much.", "reasons": ["the response policy asks for approval"]}
    parts = {"plan": a_plan(), "approval": a_request(), "ticket": "oi-0123456789ab", "timeline": [], "effects": []}
    return {**facts, **said, **parts, "a_newer_desk": "says more", **changed}


def a_decision(status: str = "approved", **changed: Any) -> Json:
    """POST /incidents/{id}/approve and /reject."""
    facts = {"incident_id": ID, "status": status, "identity": MARIA}
    return {**facts, "approved_by": [MARIA], "identities_needed": 1, **changed}


def started(became: str = "opened") -> Json:
    """POST /respond."""
    return {"incident_id": ID, "became": became, "status": "opened", "identity": MARIA}
