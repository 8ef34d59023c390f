"""Maintenance rounds: a checklist and readings that a team goes through, and what it finds."""
