"""KPIs: their declaration, measures and dimensions, and the figures to which their cases add up."""
