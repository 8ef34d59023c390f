"""Escalation rules: who is told when a ticket stays as it is for too long."""
