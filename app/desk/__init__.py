"""Screens for the desk and for those who ask: pages that read and act through the API's own operations."""
