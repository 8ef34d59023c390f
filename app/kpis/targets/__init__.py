"""What KPIs are to be: set by the quality manager, for times; what the process documents fix stands below."""
