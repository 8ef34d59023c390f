"""Content of the demo, in both languages: data only."""
