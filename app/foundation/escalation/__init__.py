"""Escalation rules, which escalate tickets that nobody has acted on for too long."""
