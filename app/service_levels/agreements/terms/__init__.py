"""Terms of agreements: targets, consequences, workload, and what else is agreed."""
