"""`ledgerdesk migrate`: brings the database's schema up to date."""

from __future__ import annotations

from app import installation, schema, settings
from app.cli.output import Json, print_result
from app.installation import InstallationError


def migrate(as_json: Json = False) -> None:
    """Bring the database's schema up to date, as its owner."""
    current = settings.current()
    with installation.open_installation(current) as place:
        if not place.embedded:
            owner_url = place.owner_url or (place.url if current.allow_owner else None)
            if owner_url is None:
                raise InstallationError(
                    "Set LEDGERDESK_OWNER_URL to the database as the role that owns the tables."
                )
            service = installation.role_of(place.url)
            same = service == installation.role_of(owner_url)
            schema.migrate(owner_url, None if same else service)
        revision = schema.current(place.owner_url or place.url)
        print_result(f"The schema is {revision}.", {"schema": revision}, as_json=as_json)
