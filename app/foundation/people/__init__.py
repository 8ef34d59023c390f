"""Persons, teams and API keys."""
