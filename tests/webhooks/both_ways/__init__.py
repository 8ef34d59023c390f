"""Tests of tickets that both sides change."""
