"""Registers of governance: what an organisation measured by its processes keeps beside its tickets."""
