"""Risks: identified, assessed by a matrix, treated, watched by indicators, and reassessed every quarter."""
