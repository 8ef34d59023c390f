"""Parts of lifecycles: actions, permissions, payloads, forms, refusals; and their description."""
