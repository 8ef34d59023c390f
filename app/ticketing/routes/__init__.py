"""Routes of tickets' child records, of attached files, and of the caller's work."""
