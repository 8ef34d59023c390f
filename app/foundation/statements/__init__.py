"""Statements about other people in a record: the person is notified, and can object for a time."""
