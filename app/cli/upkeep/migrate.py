"""`ledgerdesk migrate`: brings the database's schema up to date."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Json, print_result, progress_bar
from app.conformance.reconcile import followers_with_facts
from app.log.remake import Remade, remake_changed
from app.platform import installation, loop, schema, settings
from app.registry import LIFECYCLES
from app.webhooks.effects import names_in_clear


def migrate(
    count_names: Annotated[
        bool,
        typer.Option(
            "--count-names",
            help="Count the events in which an earlier version left names of people unencrypted. This "
            "reads the whole log, and happens automatically when such a database is migrated.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Update the database schema, as the owner of the database."""
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
        remade = loop.run(_remake_facts(address))
        message = f"The schema is {revision}."
        result: dict[str, Any] = {"schema": revision, "remade": [facts.consumer for facts in remade]}
        if remade:
            message = f"{message} Rebuilt and replaced: the facts of "
            message = f"{message}{', '.join(facts.consumer for facts in remade)}."
        if count_names or (before != revision and names_in_clear.is_of_earlier_version(before)):
            result["names_in_clear"] = names_in_clear.count(address)
            message = f"{message} {names_in_clear.sentence(result['names_in_clear'])}"
        print_result(message, result, as_json=as_json)


async def _remake_facts(owner_url: str) -> list[Remade]:
    """Rebuild facts that an earlier version wrote in another shape, while that version goes on with its
    own.
    """
    with progress_bar() as bar:
        task = bar.add_task("Rebuilding facts", total=None)
        return await remake_changed(
            owner_url,
            followers_with_facts(LIFECYCLES),
            lambda name, position, head: bar.update(task, description=name, completed=position, total=head),
        )
