"""Expressions that users write: CEL with functions of our own, bounded in their length and steps. The owner
of an expression defines its variables. No HTTP, no database.
"""
