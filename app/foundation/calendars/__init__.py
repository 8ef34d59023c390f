"""Calendars: when it counts, version by version."""
