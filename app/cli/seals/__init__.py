"""Commands that seal the log, and verify it."""
