"""Duties that people hold in records of any kind, and their successors when they leave."""
