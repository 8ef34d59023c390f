"""Settings that belong together, which app/platform/settings.py puts into one."""
