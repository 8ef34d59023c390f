"""Decisions: a question to an electorate, votes, and what comes of them; mounted on any record."""
