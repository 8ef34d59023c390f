"""Visibility of records, and reading them."""
