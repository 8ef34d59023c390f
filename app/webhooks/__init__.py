"""Webhooks and mail in: deliveries of other tools are stored, mapped, and become events."""
