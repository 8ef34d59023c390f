"""Decisions of the committee on improvements: their class, the charter of their projects, and project plans."""
