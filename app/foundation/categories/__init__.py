"""Categories of cases, by process."""
