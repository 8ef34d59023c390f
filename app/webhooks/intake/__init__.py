"""Intake of deliveries: verified, stored, and evaluated by the mapping of their source."""
