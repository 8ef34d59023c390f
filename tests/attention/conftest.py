"""What the tests of attention share."""
