"""References in a payload, by what they refer to; `resolving` resolves all of them."""
