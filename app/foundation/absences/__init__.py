"""Absences: when persons are away, and who deputises for them meanwhile."""
