"""What runs by itself: rules that follow the log, timers, and polling."""
