"""Automation rules: one file per rule, named as the rule's actor in the log (docs/rules.md)."""
