"""Calendars of business hours, version by version."""
