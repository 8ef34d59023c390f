"""Releases: the changes in them, their stage gates, go or no-go, deployment and early-life support."""
