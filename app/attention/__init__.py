"""Attention: sentences about trouble now, missed targets, changes or stuck work, each with its cases."""
