"""`ledgerdesk erase`: makes a person's name and texts unreadable for ever."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.output import Json, print_result
from app.cli.runtime import command_line_metadata, with_ledger
from app.common.people import PersonState
from app.foundation.people.erase import erase_refused_rows
from app.foundation.people.persons import LIFECYCLE
from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload
from app.kernel.perform import Command, perform
from app.kernel.reads import load
from app.kernel.refusals import NotFound

ERASED_MESSAGE = (
    "Erased. Backups made before hold the key still: let them expire, and erase again after restoring one."
)


def erase(
    person: Annotated[str, typer.Argument(help="The id of the person.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Destroy the key of a person's fields: name, e-mail and words become unreadable. API keys are not
    touched.
    """
    if not yes:
        typer.confirm("Their name and words can never be read again. Go on?", abort=True, err=True)

    async def work(ledger: Ledger) -> bool:
        found = await load(ledger.db, LIFECYCLE, person)
        if found is None:
            raise NotFound()
        if found.record.state is PersonState.erased:
            return False
        command = Command(LIFECYCLE, LIFECYCLE["erase"], person, EmptyPayload(), command_line_metadata())
        async with erase_refused_rows(ledger, command):
            await perform(ledger, command)
        return True

    now = with_ledger(work)
    sentence = ERASED_MESSAGE if now else "They were erased already."
    print_result(
        sentence, {"id": person, "state": PersonState.erased, "erased_before": not now}, as_json=as_json
    )
