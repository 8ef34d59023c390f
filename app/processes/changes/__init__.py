"""Changes: planned, assessed, approved, scheduled without collisions, implemented and reviewed."""
