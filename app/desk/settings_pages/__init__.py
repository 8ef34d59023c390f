"""Pages of settings that are made outside of the application: they show the values, and where they are
set.
"""
