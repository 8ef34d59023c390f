"""Persons, teams, groups and API keys."""
