"""Keeping of published documents, of whatever record: they are acknowledged, shown to others for a time,
lent, archived, held and destroyed.
"""
