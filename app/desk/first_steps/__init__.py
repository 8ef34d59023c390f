"""First steps: the tasks by which an administrator sets up a new installation, and their progress."""
