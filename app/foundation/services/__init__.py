"""Services, and what of them can be asked for."""
