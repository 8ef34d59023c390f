"""Pilots of improvements: they are started, logged, reported, and judged by the committee."""
