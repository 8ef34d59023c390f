"""Suggestions for improvements, offered by anybody or by rules."""
