"""Pages of KPIs: all of them, and one with what moved it."""
