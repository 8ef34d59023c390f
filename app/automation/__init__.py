"""What follows by itself: one file per rule, and the file's name is the actor in the log (docs/rules.md)."""
