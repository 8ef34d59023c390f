"""Rules for alerts: their grouping into incidents, their owners, and the times at which they open no
incident.
"""
