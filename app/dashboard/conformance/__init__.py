"""How the cases of a process ran: the paths that they took, and where they left the expected one."""
