"""Answers to surveys while they wait: tokens of the links, and the sealed box next to the log."""
