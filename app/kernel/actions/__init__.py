"""What lifecycles are made of: actions, who may, payloads, forms, refusals; and how they are described."""
