"""The ledger. It knows events; it knows no process and no HTTP."""
