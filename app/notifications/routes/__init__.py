"""Routes of notices."""
