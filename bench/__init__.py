"""Benchmarks and fault injection; not part of the service."""
