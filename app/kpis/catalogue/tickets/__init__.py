"""KPIs of incidents, problems, requests and articles."""
