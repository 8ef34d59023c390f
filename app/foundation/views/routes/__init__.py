"""Routes of lists that follow from no single view: counts, and columns."""
