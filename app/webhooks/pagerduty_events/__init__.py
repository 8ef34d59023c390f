"""Alerts in the form of PagerDuty's Events API v2."""
