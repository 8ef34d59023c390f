"""Meetings: called, held and minuted; with series, agendas and iCalendar invitations."""
