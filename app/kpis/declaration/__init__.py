"""What a KPI is: its declaration, measures and dimensions, and the figures that its cases sum to."""
