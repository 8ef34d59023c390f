"""Rules for alerts: which are one incident, whose they are, and when they are to wake nobody."""
