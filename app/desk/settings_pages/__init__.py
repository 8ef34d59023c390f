"""Pages of settings that are made outside of the application: they say what holds, and where it is set."""
