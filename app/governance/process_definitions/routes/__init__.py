"""Routes about processes that are no routes of their definitions."""
