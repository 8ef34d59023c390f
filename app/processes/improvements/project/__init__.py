"""Improvement projects: they are chartered, planned, and report on their progress."""
