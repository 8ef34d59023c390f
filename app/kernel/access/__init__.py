"""Who sees which record, and how records are read."""
