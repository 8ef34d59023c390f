"""Custom fields: further fields that an organisation declares for its tickets."""
