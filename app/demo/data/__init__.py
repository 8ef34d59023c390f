"""What the demo is made of, in both languages: data only."""
