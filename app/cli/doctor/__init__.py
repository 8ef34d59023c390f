"""`ledgerdesk doctor`: examinations of an installation, and how to mend what they find."""
