"""Histories that came from elsewhere, records as they were, and the fold of the whole log."""
