"""The fast path: how each case went, kept by a consumer of the log."""
