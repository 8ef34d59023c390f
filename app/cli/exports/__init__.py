"""`ledgerdesk export`: files for other tools, and the whole installation."""
