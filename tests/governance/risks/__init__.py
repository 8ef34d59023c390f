"""Risks: their lifecycle, matrices, indicators and report."""
