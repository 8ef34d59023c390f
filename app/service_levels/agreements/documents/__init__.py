"""Documents of agreements as pages fit to print."""
