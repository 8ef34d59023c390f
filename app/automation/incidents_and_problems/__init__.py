"""Rules of incidents and problems."""
