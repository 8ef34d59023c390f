"""`ledgerdesk erase`: makes a person's name and texts unreadable for ever."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Json, print_result
from app.cli.runtime import command_line_metadata, with_ledger
from app.common.people import Person, PersonState
from app.foundation.people.erase import erase_refused_rows
from app.foundation.people.persons import LIFECYCLE
from app.foundation.people.remains import OtherPerson, Remains, remains_of
from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import NotFound
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

ERASED_MESSAGE = (
    "Erased. Backups made before hold the key still: let them expire, and erase again after restoring one."
)


def erase(
    person: Annotated[str, typer.Argument(help="The id of the person.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    others: Annotated[
        bool, typer.Option("--others", help="Erase those with the same name or address, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Destroy the key of a person's fields: name, e-mail and words become unreadable. API keys are not
    touched. Others with the same name or address are named, and so are records whose title names the person:
    titles stay.
    """
    if not yes:
        typer.confirm("Their name and words can never be read again. Go on?", abort=True, err=True)

    async def work(ledger: Ledger) -> tuple[bool, Remains, list[OtherPerson]]:
        found = await load(ledger.db, LIFECYCLE, person)
        if found is None:
            raise NotFound()
        remains = await remains_of(ledger, found.record)
        if not await _erase(ledger, found.record):
            return False, remains, []
        gone = [one for one in remains.others if others or (not yes and _is_wanted(one))]
        for one in gone:
            other = await load(ledger.db, LIFECYCLE, str(one.id))
            assert other is not None, "records stay"
            await _erase(ledger, other.record)
        return True, remains, gone

    now, remains, gone = with_ledger(work)
    left = [one for one in remains.others if one not in gone]
    result: dict[str, Any] = {"id": person, "state": PersonState.erased, "erased_before": not now}
    result["others_erased"] = [one.id for one in gone]
    result["others_left"] = [one._asdict() for one in left]
    result["titles"] = [one._asdict() for one in remains.titles]
    print_result("\n".join(_report_lines(remains, left, now=now)), result, as_json=as_json)


async def _erase(ledger: Ledger, person: Person) -> bool:
    """Erase the person. Return False if they were before."""
    if person.state is PersonState.erased:
        return False
    metadata = command_line_metadata()
    command = Command(LIFECYCLE, LIFECYCLE["erase"], str(person.id), EmptyPayload(), metadata)
    async with erase_refused_rows(ledger, command):
        await perform(ledger, command)
    return True


def _is_wanted(one: OtherPerson) -> bool:
    question = f"{_shown(one)} has the same name or address. Erase them, too?"
    return typer.confirm(question, default=False, err=True)


def _shown(one: OtherPerson) -> str:
    return " ".join(filter(None, (one.name, one.email and f"<{one.email}>", f"({one.id})")))


def _report_lines(remains: Remains, left: list[OtherPerson], *, now: bool) -> list[str]:
    """Return what was done and what remains, in lines."""
    lines = [ERASED_MESSAGE if now else "They were erased already."]
    if left:
        lines.append("Others have the same name or address. Erase those who are the same person:")
        lines += [f"  ledgerdesk erase {one.id}   # {_shown(one)}" for one in left]
    if remains.titles:
        lines.append("Titles that name them stay. Edit them, so that no list shows them; the log keeps them:")
        lines += [f"  {one.name or one.record}: {one.title}" for one in remains.titles]
    return lines
