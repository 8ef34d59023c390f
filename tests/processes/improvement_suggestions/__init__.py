"""Tests of suggestions for improvements."""
