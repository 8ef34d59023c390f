"""Automatic work: rules that follow the log, timers, and polling."""
