"""Planning of changes: windows, what they hold, and what stands in their way."""
