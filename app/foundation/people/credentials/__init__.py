"""Credentials after their call: the records that they have made, which a lost key suspends, and bounds."""
