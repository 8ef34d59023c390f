"""Sealing: signed heads over the whole log, and proofs that a single file of the standard library checks."""
