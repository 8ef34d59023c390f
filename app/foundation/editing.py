"""Editing: what is known of a record is put right, field by field; each process names the fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.common.custom import Custom
from app.common.records import Labelled, Record, Refers
from app.common.tickets import Ticket
from app.foundation.custom.values import custom_fits, give
from app.foundation.rows import Rows
from app.kernel.bodies import Patch, marks, said
from app.kernel.lifecycle import STAYS, BodyCheck, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import reporter, staff


def take(record: Record, body: Patch, at: Moment, *, but: Iterable[str] = ()) -> None:
    """The record has from now on what the body says, but for those fields; of other records their ids."""
    names, custom = marks(type(body), Refers), marks(type(body), Custom)
    for name, value in said(body):
        if name in but:
            continue
        if name in custom:
            assert isinstance(record, Ticket)
            give(record, at)
        elif name in names:
            found = at.every(Record, name)
            setattr(record, f"{name}_id", found[0].id if found else None)
        else:
            setattr(record, name, value)


async def not_their_own_words(look: Look, ticket: Ticket, body: Patch, at: Moment) -> None:
    """Who asked for something may put their own words right, and nothing else."""
    if not at.caller.is_staff_for(ticket):
        for name, _ in said(body):
            if name not in body.OWN_WORDS:
                raise WrongValue(pointer=f"/{name}", because="not_their_own_words")


# fmt: off
def editing(edit: Callable[[Any, Any, Moment], None], kind: str, any: Iterable[Labelled], *wrong: BodyCheck) -> Rows:  # noqa: A002  # the word of the process document
    """The row of editing, with what else is wrong with what is said there; the body gives custom fields, too."""
    return (
        action(edit, "编辑", any, STAYS, staff | reporter, f"{kind}.edited", wrong=(not_their_own_words, custom_fits, *wrong)),
    )
# fmt: on
