"""The cases behind the figures: drill-down, what each brings to a KPI, and what moved a KPI."""
