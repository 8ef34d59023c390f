"""Templates, filters and what they make of what people have written."""
