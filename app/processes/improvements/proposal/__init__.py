"""Proposals of improvements: they are selected, proposed, weighed, decided and classified."""
