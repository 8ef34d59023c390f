"""What clients rely on: what would break them, and what of it is declared. Pure; knows documents only."""
