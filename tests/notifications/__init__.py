"""Tests of what goes out to people."""
