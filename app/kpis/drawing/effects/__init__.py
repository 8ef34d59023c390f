"""Drawings of measured effects: their intervals, their cases, and those of a programme on one axis."""
