"""Custom fields: what an organisation wants to know of its tickets besides."""
