"""The fast path: the facts of cases, kept by a consumer of the log, and the SQL that reads them."""
