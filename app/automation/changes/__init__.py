"""Rules of changes, and of what waits for them."""
