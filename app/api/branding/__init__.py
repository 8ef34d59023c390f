"""The branding of the installation, as pages and mails show it."""
