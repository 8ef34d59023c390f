"""Outages: availability, and what else is counted by the time agreed with a service instead of by cases."""
