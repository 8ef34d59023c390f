"""Whoever is given work sees the record that it is for: they follow it from then on, if they did not see it.

Whom the record itself names its lifecycle shows it to, and rows that show it to whom they name need no more.
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
    """Adds a row for each of those whom a row beside the record gives work, and who would not see it."""
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
    """Whom rows name now that give them work and do not show them the record themselves."""
    for was, row in (*((None, made) for made in ctx.made), *ctx.changed):
        shows = isinstance(row, ChildRecord) and row.AUDIENCE_KIND
        for name in () if shows else marks(type(row), Responsible):
            person_id = getattr(row, name)
            if person_id is not None and person_id != getattr(was, name, None):
                yield person_id
