"""Alerts of monitoring tools: an incident for each that fires."""
