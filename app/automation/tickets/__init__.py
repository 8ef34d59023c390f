"""Rules of tickets of every kind."""
