"""Whom Cordon tells: tickets in OpsCenter, and pages over SNS."""
