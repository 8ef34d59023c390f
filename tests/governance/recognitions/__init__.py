"""Recognition: awards, and contributions counted from the log."""
