"""Baselines of KPIs: values that a plan or a proposal froze, with the log position that they were read at."""
