"""Tests of the registers of governance."""
