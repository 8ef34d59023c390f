"""Acceptance of a request's delivery: its group, its checks and its actions."""
