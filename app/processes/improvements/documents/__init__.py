"""The documents of improvements, as they are read and printed."""
