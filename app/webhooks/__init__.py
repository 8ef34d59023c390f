"""Webhooks and mail in: what other tools tell is stored, mapped, and becomes events."""
