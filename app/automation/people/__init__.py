"""Rules on people who leave."""
