"""A demo organisation: teams, persons, some hundred incidents, made by the commands everybody uses."""
