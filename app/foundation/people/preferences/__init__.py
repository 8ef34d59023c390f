"""Notification preferences of persons."""
