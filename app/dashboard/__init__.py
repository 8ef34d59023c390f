"""The dashboard: KPIs as a page, opened down to cases and events; works without the internet."""
