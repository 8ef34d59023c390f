"""What a worker finds once a day when it computes every KPI from the facts and from the raw events."""
