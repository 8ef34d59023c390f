"""Scripts of the demo: what people did, by the commands that users send."""
