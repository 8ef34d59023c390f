"""The page of webhooks, which scripts draw."""
