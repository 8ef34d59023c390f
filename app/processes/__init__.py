"""One package per ITSM process, named as its API path. The packages do not depend on one another."""
