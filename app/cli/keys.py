"""`ledgerdesk keys`: makes, lists, rotates and revokes API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli.output import Json, print_json, print_line, print_result, print_table
from app.cli.runtime import FIND_KEY, command_line_metadata, naming, with_ledger
from app.common.keys import hash_of, new_secret, token
from app.common.people import SETUP_ROLES, Role
from app.foundation.people import keys as key_lifecycle
from app.foundation.people import persons
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

keys = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)


@keys.command("make")
def make_key(
    roles: Annotated[
        list[str] | None,
        typer.Option("--role", help="Role of the key, one of the person's roles; can be repeated."),
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="All roles, to set up the installation.")] = False,
    person: Annotated[str | None, typer.Option(help="Owner of the key, by the person's id.")] = None,
    name: Annotated[str, typer.Option(help="Name of the person to add, without --person.")] = "Administrator",
    teams: Annotated[
        list[str] | None,
        typer.Option("--team", help="Team of the added person, by its key; can be repeated."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36500, help="Days until the key expires. Default: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an API key and print it. It is shown once."""
    if admin and roles:
        raise typer.BadParameter("choose --admin for all roles, or --role for some", param_hint="--role")
    roles = [role.value for role in SETUP_ROLES] if admin else list(roles or ())
    if not roles and person is None:
        raise typer.BadParameter("enter roles with --role, or use --admin")

    async def work(ledger: Ledger) -> tuple[str, str]:
        if person is not None:
            return person, await make_token(ledger, person, name, days, tuple(roles) or None)
        # The roles are granted to the person, so that wrong ones are refused before the person is added.
        added = await add_person(ledger, name, tuple(teams or ()), tuple(roles))
        return added, await make_token(ledger, added, name, days)

    person_id, token = with_ledger(work)
    if as_json:
        print_json({"token": token, "person": person_id, "roles": roles})
    else:
        print_line(token)


async def add_person(
    ledger: Ledger, name: str, teams: tuple[str, ...] = (), roles: tuple[str, ...] = ()
) -> str:
    """Add a person with these roles and return their id."""
    body = persons.AddPerson(name=name, teams=teams, roles=roles)
    done = await perform(
        ledger, Command(persons.LIFECYCLE, persons.LIFECYCLE["add"], None, body, command_line_metadata())
    )
    return str(done.record.id)


async def make_token(
    ledger: Ledger, person_id: str, name: str, days: int | None, roles: tuple[str, ...] | None = None
) -> str:
    """Make a key for the person, with all of the person's roles or with these only; return the token that a
    client sends.
    """
    secret = new_secret()
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    body = key_lifecycle.MakeKey(
        name=name, person=person_id, roles=roles, secret_hash=hash_of(secret), expires_at=ends
    )
    lifecycle = key_lifecycle.LIFECYCLE
    done = await perform(ledger, Command(lifecycle, lifecycle["make"], None, body, command_line_metadata()))
    return token(done.record.id, secret)


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the API keys, without their secrets, which are not stored."""

    async def work(ledger: Ledger) -> list[dict[str, Any]]:
        rows = await ledger.db.rows(
            "select k.id, k.name, k.state, k.roles, p.roles as person_roles, k.expires_at, k.made_at, "
            "k.person_id from fold.key k join fold.person p on p.id = k.person_id order by k.made_at, k.id"
        )
        names = await ledger.vault.texts(row["name"] for row in rows)
        return [{**row, "name": names[row["name"]]} for row in rows]

    api_keys = with_ledger(work)
    if as_json:
        print_json(api_keys)
    else:
        print_table(
            ("id", "name", "state", "roles", "ends"),
            [(k["id"], k["name"], k["state"], _roles_text(k), k["expires_at"]) for k in api_keys],
        )


def _roles_text(key: dict[str, Any]) -> str:
    """Return the roles of the key, for a column."""
    held = key["person_roles"] or [Role.requester.value]
    return ", ".join(held if key["roles"] is None else key["roles"])


@keys.command()
def rotate(
    key: Annotated[str, typer.Argument(help="The API key's id, as ledgerdesk keys list prints it.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="Hours for which the old secret still works.")
    ] = 24,
    as_json: Json = False,
) -> None:
    """Give an API key a new secret and print it. It is shown once; the old one is accepted for a while."""
    secret = new_secret()
    lifecycle = key_lifecycle.LIFECYCLE
    body = key_lifecycle.RotateKey(secret_hash=hash_of(secret), overlap_seconds=overlap_hours * 3600)

    async def work(ledger: Ledger) -> str:
        done = await perform(
            ledger, Command(lifecycle, lifecycle["rotate"], key, body, command_line_metadata())
        )
        return token(done.record.id, secret)

    with naming("key", key, FIND_KEY):
        made_token = with_ledger(work)
    print_result(
        made_token, {"id": key, "token": made_token, "overlap_seconds": body.overlap_seconds}, as_json=as_json
    )


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The API key's id, as ledgerdesk keys list prints it.")],
    as_json: Json = False,
) -> None:
    """Revoke an API key: it is not accepted any more."""
    lifecycle = key_lifecycle.LIFECYCLE

    async def work(ledger: Ledger) -> None:
        await perform(
            ledger, Command(lifecycle, lifecycle["revoke"], key, EmptyPayload(), command_line_metadata())
        )

    with naming("key", key, FIND_KEY):
        with_ledger(work)
    print_result("Revoked.", {"id": key, "state": "revoked"}, as_json=as_json)
