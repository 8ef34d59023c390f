"""The mapping language of webhooks: a document of expressions that defines the content of a delivery. Pure:
no HTTP, no database.
"""
