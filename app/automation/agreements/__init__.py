"""Rules of agreements and of the clocks that they start."""
