"""What persons want to be told of."""
