"""Forms of actions, made from the contract: its fields, and inputs to its body and back."""
