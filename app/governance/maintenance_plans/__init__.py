"""Maintenance plans: what is looked after at intervals, whose rounds fall due by themselves."""
