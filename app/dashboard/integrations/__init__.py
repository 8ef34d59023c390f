"""The pages of integrations: sources of webhooks and mail, what came from them, and what became of it."""
