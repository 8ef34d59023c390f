"""The mapping language of webhooks: a document of expressions that says what a delivery tells. Pure: no HTTP,
no database.
"""
