"""Exports of facts to columns: how they are made, placed, and replaced."""
