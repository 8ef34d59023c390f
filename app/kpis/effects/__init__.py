"""Measured effects: a KPI's values of two windows compared, with an interval, a test and a verdict.

An effect is stored as it was measured, with the log position, and never changed: anybody can measure it
again.
"""
