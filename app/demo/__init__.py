"""A demo organisation and a year of its incidents, made by the commands everybody uses."""
