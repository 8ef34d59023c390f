"""Recognition: contributions counted from the log, and awards that people give one another."""
