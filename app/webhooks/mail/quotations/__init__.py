"""Quotations in a mail: of others, and of our own notices."""
