"""Changes over HTTP, and what they book."""
