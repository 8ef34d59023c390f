"""The database's history: one file per step, forward only."""
