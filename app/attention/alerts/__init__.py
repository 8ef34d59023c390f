"""Alerts: the people responsible for an attention sentence are notified when it begins and ends."""
