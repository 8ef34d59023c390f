"""How processes really ran: the paths that cases took, by the log."""
