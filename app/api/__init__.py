"""HTTP plumbing. Knows lifecycles; knows no process."""
