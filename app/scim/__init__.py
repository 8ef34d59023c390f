"""Provisioning by SCIM 2.0 (RFC 7643, RFC 7644): the identity provider keeps persons and groups here."""
