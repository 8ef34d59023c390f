"""In which order work is taken: the matrix of impact and urgency."""
