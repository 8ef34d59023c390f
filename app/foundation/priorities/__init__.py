"""Priorities: the matrix that derives them from impact and urgency."""
