"""The rules: each reads one source, and returns the conditions that it finds, as far as the reader sees."""
