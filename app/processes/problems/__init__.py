"""Problems: find the cause behind incidents, offer a way around it, remove it."""
