"""Clocks in the API: explained with their segments, in lists of tickets, and by other terms."""
