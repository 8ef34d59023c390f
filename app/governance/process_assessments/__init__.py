"""Assessments of processes: how mature one is, what hurts, and what its figures were then."""
