"""Clocks of service levels: the engine's readings of each case, kept as rows, explained and announced."""
