"""Pages of the change calendar and of webhooks, which scripts draw."""
