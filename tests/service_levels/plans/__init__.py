"""Tests of yearly plans of agreements."""
