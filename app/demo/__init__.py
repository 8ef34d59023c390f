"""A demo organisation and a year of its ticket history, made by the same commands that users send."""
