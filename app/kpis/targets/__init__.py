"""Targets of KPIs, set by the quality manager for periods; they override those fixed in the process
documents.
"""
