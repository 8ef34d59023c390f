"""Monthly assessments of suggestions for improvements."""
