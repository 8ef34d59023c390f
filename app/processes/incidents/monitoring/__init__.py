"""Alerts of monitoring tools: each alert that fires has one open incident."""
