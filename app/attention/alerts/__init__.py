"""Alerts: sentences on what needs attention, of which whoever has it is told when they begin and end."""
