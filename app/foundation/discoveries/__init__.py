"""Discoveries: configuration items that a tool has found, compared with the record; the differences."""
