"""One package per process, named as its path. They do not know one another."""
