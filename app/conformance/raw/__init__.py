"""The slow path: how each case went, in SQL straight from the log."""
