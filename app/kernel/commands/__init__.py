"""What happens when somebody acts: a command is decided on what it has read, and handed to the log."""
