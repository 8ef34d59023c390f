"""Actions by the file: asked for over HTTP, carried out by a worker, line by line."""
