"""What a case may cost in the mean, by the KPI that says what it costs; set by the quality manager."""
