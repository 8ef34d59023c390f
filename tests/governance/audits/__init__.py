"""Audits, findings and points."""
