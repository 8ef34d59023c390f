"""Commands that compute worked cases of files, and report where the engines differ."""
