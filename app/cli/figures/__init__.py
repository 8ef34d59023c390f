"""Commands that compute and compare KPIs."""
