"""Problems: find the cause behind incidents, document a workaround, remove the cause."""
