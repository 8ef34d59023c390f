"""Roles and teams that follow from the groups which persons belong to at the identity provider."""
