"""The whole installation in a folder of tables, and back into an empty one: independent of PostgreSQL's
version and of its files.
"""
