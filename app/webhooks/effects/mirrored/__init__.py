"""What tools know of their tickets, besides comments: kinds, tags, custom fields; and their deployments."""
