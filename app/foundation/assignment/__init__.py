"""Who is on duty: shifts, who stands in for whom, and who is on call."""
