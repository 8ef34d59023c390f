"""Annual improvement plans: what is to become better in a year, measured against frozen baselines."""
