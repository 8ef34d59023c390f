"""First steps: what an administrator sets up in a new installation, and how far that is."""
