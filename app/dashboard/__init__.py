"""The dashboard: a page of KPIs with drill-down to cases and events; works without the internet."""
