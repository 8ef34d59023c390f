"""Tests of agreements on service levels."""
