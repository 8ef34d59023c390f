"""Tests of monthly assessments of suggestions."""
