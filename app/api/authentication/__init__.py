"""Authentication of the caller: keys, browser sessions, and the identity provider."""
