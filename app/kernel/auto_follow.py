"""Automatic followers: persons who get work on a record become its followers, if they cannot see it yet.

Persons named by fields of the record itself see it by its lifecycle, and child records with an
`AUDIENCE_KIND` show it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.common.children import Follower
from app.common.notices import Responsible
from app.common.records import ChildRecord
from app.kernel.context import ActionContext
from app.kernel.decide import Decision, add_child_row
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.payloads import marks
from app.kernel.references import is_visible
from app.kernel.visibility import audience


async def add_auto_followers(
    ledger: Ledger, lifecycle: Lifecycle[Any], decided: Decision, ctx: ActionContext, *, version: int
) -> None:
    """Add a follower for each person who gets work from a child record and may not see the record yet."""
    if Follower not in lifecycle.children or not (persons := set(_newly_responsible(ctx))):
        return
    shown = audience(lifecycle, decided.record, ctx.audience, made=ctx.made, removed=ctx.removed)
    callers = await ledger.directory.callers(persons)
    for person_id in sorted(callers):
        if not is_visible(ledger, lifecycle, callers[person_id], sorted(shown)):
            add_child_row(
                decided, Follower.for_person(decided.record, person_id, ctx.occurred_at), ctx, version=version
            )


def _newly_responsible(ctx: ActionContext) -> Iterator[UUID]:
    """Yield the persons newly named in child records that give them work but do not show them the record."""
    for was, row in (*((None, made) for made in ctx.made), *ctx.changed):
        shows = isinstance(row, ChildRecord) and row.AUDIENCE_KIND
        for name in () if shows else marks(type(row), Responsible):
            person_id = getattr(row, name)
            if person_id is not None and person_id != getattr(was, name, None):
                yield person_id
