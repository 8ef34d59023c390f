"""Files for other tools, written from the log: events and objects of processes, and the log as columns."""
