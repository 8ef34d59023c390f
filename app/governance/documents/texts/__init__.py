"""Texts of files of documents: their index, and the passages that a search finds in them."""
