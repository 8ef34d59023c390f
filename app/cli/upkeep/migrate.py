"""`ledgerdesk migrate`: brings the database's schema up to date."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Json, print_result
from app.platform import installation, schema, settings
from app.webhooks.effects import names_in_clear


def migrate(
    count_names: Annotated[
        bool,
        typer.Option(
            "--count-names",
            help="Count the events in which an earlier version left names of persons in clear. It reads the "
            "whole log, and is done by itself when such a database is migrated.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the database's schema up to date, as its owner."""
    current = settings.current()
    with installation.open_installation(current) as place:
        before = place.migrated_from
        if not place.embedded:
            owner_url = installation.owner_address(place, current)
            service = installation.role_of(place.url)
            same = service == installation.role_of(owner_url)
            before = schema.migrate(owner_url, None if same else service)
        address = place.owner_url or place.url
        revision = schema.current(address)
        message, result = f"The schema is {revision}.", dict[str, Any](schema=revision)
        if count_names or (before != revision and names_in_clear.is_of_earlier_version(before)):
            result["names_in_clear"] = names_in_clear.count(address)
            message = f"{message} {names_in_clear.sentence(result['names_in_clear'])}"
        print_result(message, result, as_json=as_json)
