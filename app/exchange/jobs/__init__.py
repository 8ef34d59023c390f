"""Bulk jobs: files of actions, requested over HTTP and carried out by a worker, line by line."""
