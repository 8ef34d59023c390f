"""Categories of cases."""
