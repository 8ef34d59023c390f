"""Where the service runs: settings, the database and its schema, the embedded server, the event loop."""
