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
from app.platform import settings
from app.platform.backups import add_erased

ERASED_MESSAGE = (
    "Erased. Backups made before hold the key still: let them expire, and erase again after restoring one; "
    "`ledgerdesk restore` does so."
)


def erase(
    person: Annotated[str, typer.Argument(help="The id of the person.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    namesakes: Annotated[
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
        loaded = await load(ledger.db, LIFECYCLE, person)
        if loaded is None:
            raise NotFound()
        remains = await remains_of(ledger, loaded.record)
        if not await erase_person(ledger, loaded.record):
            return False, remains, []
        erased = [person for person in remains.others if namesakes or (not yes and _is_confirmed(person))]
        for namesake in erased:
            other = await load(ledger.db, LIFECYCLE, str(namesake.id))
            assert other is not None, "records stay"
            await erase_person(ledger, other.record)
        return True, remains, erased

    now, remains, erased = with_ledger(work)
    backups = settings.current().backup_dir
    if backups is not None and backups.is_dir():  # so that a restore erases them again
        add_erased(backups, [person, *(str(other.id) for other in erased)])
    left = [person for person in remains.others if person not in erased]
    result: dict[str, Any] = {"id": person, "state": PersonState.erased, "erased_before": not now}
    result["others_erased"] = [person.id for person in erased]
    result["others_left"] = [person._asdict() for person in left]
    result["titles"] = [title._asdict() for title in remains.titles]
    print_result("\n".join(_report_lines(remains, left, now=now)), result, as_json=as_json)


async def erase_person(ledger: Ledger, person: Person) -> bool:
    """Erase the person. Return False if they were before."""
    if person.state is PersonState.erased:
        return False
    metadata = command_line_metadata()
    command = Command(LIFECYCLE, LIFECYCLE["erase"], str(person.id), EmptyPayload(), metadata)
    async with erase_refused_rows(ledger, command):
        await perform(ledger, command)
    return True


def _is_confirmed(person: OtherPerson) -> bool:
    question = f"{_person_line(person)} has the same name or address. Erase them, too?"
    return typer.confirm(question, default=False, err=True)


def _person_line(person: OtherPerson) -> str:
    return " ".join(filter(None, (person.name, person.email and f"<{person.email}>", f"({person.id})")))


def _report_lines(remains: Remains, left: list[OtherPerson], *, now: bool) -> list[str]:
    """Return what was done and what remains, in lines."""
    lines = [ERASED_MESSAGE if now else "They were erased already."]
    if left:
        lines.append("Others have the same name or address. Erase those who are the same person:")
        lines += [f"  ledgerdesk erase {person.id}   # {_person_line(person)}" for person in left]
    if remains.titles:
        lines.append("Titles that name them stay. Edit them, so that no list shows them; the log keeps them:")
        lines += [f"  {title.name or title.record}: {title.title}" for title in remains.titles]
    return lines
