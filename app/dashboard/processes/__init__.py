"""The pages of processes, with their figures."""
