"""The service report as a page for clients and for staff, with its charts and texts."""
