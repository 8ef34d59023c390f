"""Commands that serve: the API, the worker, and the demo of both."""
