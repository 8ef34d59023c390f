"""Subscriptions: the log's events, delivered to other systems as webhooks."""
