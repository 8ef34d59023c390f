"""The cases whose facts are written are noted, for exports to columns."""
