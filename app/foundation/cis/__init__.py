"""Configuration items: what there is, how it hangs together, and what is touched if it fails."""
