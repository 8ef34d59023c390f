"""A tool's knowledge of its tickets besides comments: kinds, tags, custom fields; and deployments."""
