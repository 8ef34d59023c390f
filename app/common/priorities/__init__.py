"""Priorities of tickets, and the matrix that they follow from."""
