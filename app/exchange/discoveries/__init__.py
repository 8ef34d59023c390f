"""Discoveries are read and compared with the record."""
