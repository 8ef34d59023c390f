"""Costs: hourly rates of work, and the work and money spent on tickets."""
