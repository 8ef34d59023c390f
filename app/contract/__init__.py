"""Comparison of contracts: which changes break clients, and which of these are declared. Pure; knows only
documents.
"""
