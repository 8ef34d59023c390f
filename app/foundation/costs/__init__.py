"""What an hour of work costs."""
