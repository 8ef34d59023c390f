"""Documents that records make: what an action writes is filed in the register, in the same command."""
