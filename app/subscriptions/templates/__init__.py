"""Templates of subscriptions: documents that define the request which delivers an event. No HTTP, no
database.
"""
