"""`ledgerdesk keys`: makes, lists and revokes API keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.base.people import keys as key_lifecycle
from app.base.people import persons
from app.cli.place import context, with_ledger
from app.cli.say import document, say, table
from app.common.keys import hash_of, new_secret, token
from app.common.people import Role
from app.kernel.bodies import Nothing
from app.kernel.ledger import Ledger
from app.kernel.perform import Act, perform

keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@keys.command()
def make(
    roles: Annotated[
        list[str] | None, typer.Option("--role", help="What it may do; can be given several times.")
    ] = None,
    admin: Annotated[
        bool, typer.Option("--admin", help="All roles: for whoever sets this installation up.")
    ] = False,
    person: Annotated[str | None, typer.Option(help="Whom it stands for: a person's id.")] = None,
    name: Annotated[
        str, typer.Option(help="The name of a person to add for it, where --person is not given.")
    ] = "Administrator",
    teams: Annotated[
        list[str] | None, typer.Option("--team", help="A team, by key, that the added person belongs to.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36500, help="Days until it ends; none: never.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an API key and print it. It is shown once."""
    held = [role.value for role in Role if role is not Role.auditor] if admin else list(roles or ())
    if not held:
        raise typer.BadParameter("say what it may do: --role CODE, or --admin")
    if unknown := [text for text in held if text.partition("@")[0] not in set(Role)]:
        raise typer.BadParameter(f"{unknown[0]!r} is not a role; roles are {', '.join(Role)}")

    async def work(ledger: Ledger) -> tuple[str, str]:
        person_id = person or await add_person(ledger, name, tuple(teams or ()))
        return person_id, await make_token(ledger, person_id, name, tuple(held), days)

    person_id, made = with_ledger(work)
    if as_json:
        document({"token": made, "person": person_id, "roles": held})
    else:
        say(made)


async def add_person(ledger: Ledger, name: str, teams: tuple[str, ...] = ()) -> str:
    """A new person; gives their id."""
    body = persons.AddPerson(name=name, teams=teams)
    done = await perform(ledger, Act(persons.LIFECYCLE, persons.LIFECYCLE["add"], None, body, context()))
    return str(done.record.id)


async def make_token(
    ledger: Ledger, person_id: str, name: str, roles: tuple[str, ...], days: int | None
) -> str:
    """A new key for that person, as a client sends it."""
    secret = new_secret()
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    body = key_lifecycle.MakeKey(
        name=name, person=person_id, roles=roles, secret_hash=hash_of(secret), expires_at=ends
    )
    lifecycle = key_lifecycle.LIFECYCLE
    done = await perform(ledger, Act(lifecycle, lifecycle["make"], None, body, context()))
    return token(done.record.id, secret)


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the API keys. Their secrets are nowhere."""

    async def work(ledger: Ledger) -> list[dict[str, object]]:
        rows = await ledger.db.rows(
            "select id, name, state, roles, expires_at, made_at, person_id from fold.key order by made_at, id"
        )
        names = await ledger.vault.texts(row["name"] for row in rows)
        return [{**row, "name": names[row["name"]]} for row in rows]

    found = with_ledger(work)
    if as_json:
        document(found)
    else:
        table(
            ("id", "name", "state", "roles", "ends"),
            [(k["id"], k["name"], k["state"], ", ".join(k["roles"]), k["expires_at"]) for k in found],  # type: ignore[arg-type]  # a list of texts
        )


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="The id of the key.")]) -> None:
    """Revoke an API key: it is not accepted any more."""
    lifecycle = key_lifecycle.LIFECYCLE

    async def work(ledger: Ledger) -> None:
        await perform(ledger, Act(lifecycle, lifecycle["revoke"], key, Nothing(), context()))

    with_ledger(work)
    say("Revoked.")
