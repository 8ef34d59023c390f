"""Who the caller is: keys, sessions of browsers, and the identity provider."""
