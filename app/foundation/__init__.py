"""The lifecycles and routers of the shared foundations."""
