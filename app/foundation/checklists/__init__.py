"""Checklists: tasks that recur, kept as templates."""
