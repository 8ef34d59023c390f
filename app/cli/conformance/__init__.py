"""Commands that compute worked cases of files, and say where the engines differ."""
