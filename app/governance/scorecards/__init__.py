"""Scorecards of persons and teams by the quarter: counted from the log, rated where it does not know."""
