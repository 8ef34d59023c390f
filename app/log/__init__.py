"""The event log: appending, reading and following events. Knows no HTTP, and no kind of record."""
