"""Tables of knowledge articles, which tickets of every kind link to."""
