"""Escalation rules, which escalate tickets without progress."""
