"""Histories: imported ones, the feed of events, records as of a time, and the rebuild of all tables."""
