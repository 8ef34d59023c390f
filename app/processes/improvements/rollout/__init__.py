"""Rollouts of improvements: nine steps to the cutover and after it, and the hand-over."""
