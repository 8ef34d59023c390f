"""Expressions that users write: CEL with functions of our own, bounded in their length and steps. Whoever has
them says which variables they may use. No HTTP, no database.
"""
