"""The registry of processes: their definitions are drafted, reviewed, piloted, published and retired."""
