"""Surveys: questions to a sample of persons, answered by name or without any tie to the person."""
