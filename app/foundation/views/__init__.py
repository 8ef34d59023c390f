"""Saved views of lists: their filters and sort orders."""
