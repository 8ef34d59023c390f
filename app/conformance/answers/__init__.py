"""Answers to questions about how cases ran, from the facts."""
