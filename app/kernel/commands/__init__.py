"""Processing of a command: it is decided on its reads, and handed to the log."""
