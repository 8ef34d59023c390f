"""Rules of the improvement programme."""
