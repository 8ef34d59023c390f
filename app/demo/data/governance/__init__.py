"""Texts and dates of the demo's year of governance, in days before the end of the history (data only)."""
