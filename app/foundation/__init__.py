"""Lifecycles and routers of the shared foundations: people, services, calendars, articles and others."""
