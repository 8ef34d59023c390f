"""Decisions: a question put to an electorate, its votes and its outcome; can be mounted on any record."""
