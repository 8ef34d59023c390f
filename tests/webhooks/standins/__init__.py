"""Tools that tests talk with: they behave as their documentation says."""
