"""Reconciliations: results of the nightly comparison of every KPI from facts with that from raw events."""
