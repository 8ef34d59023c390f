"""Readers of other systems' files, row by row. They use no database: names stay names, and keys are resolved
later.
"""
