"""Quality targets: a goal for a KPI in a year, from the organisation down to teams and persons."""
