"""Planning of changes: bookings of their items and windows, conflicts, the calendar's questions."""
