"""Templates of subscriptions: documents that say which request delivers an event. No HTTP, no database."""
