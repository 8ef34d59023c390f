"""A demo organisation and a year of its history, made by the commands everybody uses."""
