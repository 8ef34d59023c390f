"""Checklists: what is to be done again and again."""
