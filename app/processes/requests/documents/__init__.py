"""Documents of requests as pages fit to print."""
