"""Configuration items: what there is, how the items relate, and the impact of a failure."""
