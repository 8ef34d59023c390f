"""Rows beside an improvement: its target KPIs and their effects, its team, its pilot, its rollout."""
