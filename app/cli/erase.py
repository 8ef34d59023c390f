"""`ledgerdesk erase`: makes a person's name and texts unreadable for ever."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from app.cli.output import Json, print_result
from app.cli.runtime import FIND_PERSON, command_line_metadata, naming, with_ledger
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
    "Erased. Older backups still contain the key: let them expire. After a restore the person must be erased "
    "again, which ledgerdesk restore does automatically."
)


def erase(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    namesakes: Annotated[
        bool, typer.Option("--others", help="Also erase people with the same name or address.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Destroy a person's encryption key: name, e-mail and texts become unreadable for ever. API keys stay
    valid. Afterwards, other people with the same name or address are listed, and records whose title still
    names the person.
    """

    async def work(ledger: Ledger) -> tuple[bool, Remains, list[OtherPerson]]:
        loaded = await load(ledger.db, LIFECYCLE, person)
        if loaded is None:
            raise NotFound()
        remains = await remains_of(ledger, loaded.record)
        if loaded.record.state is PersonState.erased:
            return False, remains, []
        if not yes:
            await _confirm(ledger, loaded.record)
        if not await erase_person(ledger, loaded.record):
            return False, remains, []
        erased = [person for person in remains.others if namesakes or (not yes and _is_confirmed(person))]
        for namesake in erased:
            other = await load(ledger.db, LIFECYCLE, str(namesake.id))
            assert other is not None, "records stay"
            await erase_person(ledger, other.record)
        return True, remains, erased

    with naming("person", person, FIND_PERSON):
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


async def _confirm(ledger: Ledger, person: Person) -> None:
    """Ask whether to erase the person, by name, so that a wrong id is noticed. Raises Abort if not."""
    texts = await ledger.vault.texts(text for text in (person.name, person.email) if text is not None)
    name, email = (None if text is None else texts[text] for text in (person.name, person.email))
    line = _person_line(OtherPerson(person.id, name, email))
    question = f"The name and the texts of {line} will become unreadable for ever. Continue?"
    typer.confirm(question, abort=True, err=True)


def _is_confirmed(person: OtherPerson) -> bool:
    question = f"{_person_line(person)} has the same name or address. Erase this person, too?"
    return typer.confirm(question, default=False, err=True)


def _person_line(person: OtherPerson) -> str:
    return " ".join(filter(None, (person.name, person.email and f"<{person.email}>", f"({person.id})")))


def _report_lines(remains: Remains, left: list[OtherPerson], *, now: bool) -> list[str]:
    """Return what was done and what remains, in lines."""
    lines = [ERASED_MESSAGE if now else "This person was already erased."]
    if left:
        lines.append(
            "Other people have the same name or address. If they are the same person, erase them, too:"
        )
        lines += [f"  ledgerdesk erase {person.id}   # {_person_line(person)}" for person in left]
    if remains.titles:
        lines.append(
            "These titles contain the name. Edit them, so that lists no longer show it; the log keeps the "
            "old titles:"
        )
        lines += [f"  {title.name or title.record}: {title.title}" for title in remains.titles]
    return lines
