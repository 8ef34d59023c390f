"""Definitions of processes, the paths that their cases are expected to take, and lookups for other
modules.
"""
