"""`ledgerdesk people`: imports people and teams, and grants and revokes roles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.exits import REFUSED
from app.cli.output import Json, print_json, print_line, print_result
from app.cli.runtime import FIND_PERSON, command_line_metadata, naming, with_ledger
from app.exchange.organisation_import import ImportSummary, OrganisationImport
from app.foundation.people import persons
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

people = typer.Typer(help="Import people and teams; grant and revoke roles.", no_args_is_help=True)
Person = Annotated[str, typer.Argument(help="The person's id.")]
Role = Annotated[str, typer.Argument(help="Role, such as agent or agent@service/mail.")]


@people.command("import")
def import_people(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV file of people; the documentation lists the columns."
        ),
    ] = None,
    teams: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="CSV file of teams; teams are added first."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what would be done.")] = False,
    as_json: Json = False,
) -> None:
    """Add the people and teams of CSV files. Lines that were imported before are skipped."""
    if file is None and teams is None:
        raise typer.BadParameter("enter a file of people, a file of teams with --teams, or both")

    async def work(ledger: Ledger) -> dict[str, ImportSummary]:
        roster = OrganisationImport(ledger, command_line_metadata(), dry_run)
        imported = {}
        if teams is not None:
            imported["teams"] = await roster.teams(teams)
        if file is not None:
            imported["people"] = await roster.people(file)
        return imported

    imported = with_ledger(work)
    if as_json:
        print_json({"dry_run": dry_run, **imported})
    else:
        for subject, of_file in imported.items():
            _print_counts(subject, of_file, dry_run)
    if any(of_file.wrong for of_file in imported.values()):
        raise typer.Exit(REFUSED)


def _print_counts(subject: str, rows: ImportSummary, dry_run: bool) -> None:
    added = "would be added" if dry_run else "added"
    print_line(
        f"{subject}: {rows.added} {added}, {rows.there_already} already there, {len(rows.wrong)} wrong"
    )
    for wrong in rows.wrong:
        print_line(f"  line {wrong.line}: {wrong.why}")


@people.command()
def grant(person: Person, role: Role, as_json: Json = False) -> None:
    """Grant a person a role."""
    roles = _act(person, "grant_role", persons.GrantRolePerson(role=role))
    print_result("Granted.", {"id": person, "roles": roles}, as_json=as_json)


@people.command()
def revoke(person: Person, role: Role, as_json: Json = False) -> None:
    """Revoke a role that a person holds."""
    roles = _act(person, "revoke_role", persons.RevokeRolePerson(role=role))
    print_result("Revoked.", {"id": person, "roles": roles}, as_json=as_json)


def _act(person: str, action: str, body: Payload) -> list[str]:
    """Carry out the action on the person and return the roles that they have afterwards."""
    lifecycle = persons.LIFECYCLE

    async def work(ledger: Ledger) -> list[str]:
        done = await perform(
            ledger, Command(lifecycle, lifecycle[action], person, body, command_line_metadata())
        )
        return list(done.record.roles or ())

    with naming("person", person, FIND_PERSON):
        return with_ledger(work)
