"""Base backups of the database: making, verifying and restoring one."""
