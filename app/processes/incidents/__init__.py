"""Incidents: report, contain, find the cause, restore service, verify."""
