"""What work and things cost: rates by the hour, and budgets."""
