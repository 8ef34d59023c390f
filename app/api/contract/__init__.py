"""The contract: the OpenAPI document, its components, examples and summaries."""
