"""Re-basing of natural limits: the change from which they restart."""
