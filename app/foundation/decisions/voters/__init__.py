"""Voters of a question: who is asked, who is left out, and who takes an empty seat."""
