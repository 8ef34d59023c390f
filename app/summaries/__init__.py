"""Summaries of what needs attention, mailed by the day, week or month to their subscribers."""
