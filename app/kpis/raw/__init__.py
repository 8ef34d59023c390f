"""The slow path: definitions of KPIs in SQL over the raw events, and their aggregates."""
