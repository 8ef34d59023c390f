"""The change calendar: entries, iCalendar, and drawings of a week and of a month."""
