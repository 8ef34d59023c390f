"""Improvement projects: from the selected suggestion to the standardised process."""
