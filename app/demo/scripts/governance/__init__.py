"""Scripts of the demo's year of governance, a module for each register."""
