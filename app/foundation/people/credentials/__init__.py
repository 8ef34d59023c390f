"""Credentials beyond the call they came with: what they have made, what a lost key suspends, and the bounds."""
