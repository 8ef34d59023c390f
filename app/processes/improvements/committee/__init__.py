"""Decisions of the committee on improvements: class, charter and project plan."""
