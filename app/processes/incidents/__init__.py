"""Incidents: identify, contain, find the cause, restore, verify."""
