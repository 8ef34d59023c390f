"""Measuring and breaking: not part of the service."""
