"""Approval rules: who votes on which decisions, and how their votes are counted."""
