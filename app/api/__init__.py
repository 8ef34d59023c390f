"""HTTP layer shared by all processes: knows lifecycles in general, and no single process."""
