"""Tickets that a mail belongs to: by the alert that it reports, and by the mails of its thread."""
