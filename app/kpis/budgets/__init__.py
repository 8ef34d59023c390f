"""Budgets: the mean cost that a case may have, for each KPI of costs per case; set by the quality manager."""
