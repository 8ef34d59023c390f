"""Meetings: called, held and minuted; in series, with an agenda, and as iCalendar."""
