"""Signals of behaviour charts, noted every night: a KPI that has changed beyond its usual variation."""
