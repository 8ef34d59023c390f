"""Signing in from a browser: by a key, or at the identity provider."""
