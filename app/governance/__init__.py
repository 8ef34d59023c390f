"""Registers of governance: the records that an organisation measured by its processes keeps next to its
tickets.
"""
