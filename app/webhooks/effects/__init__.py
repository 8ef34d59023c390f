"""Effects of deliveries: tickets, comments and alerts, in the name of their authors."""
