"""Whoever is given work sees the record that it is for: they follow it from then on, if they did not see it.

Whom the record itself names its lifecycle shows it to, and rows that show it to whom they name need no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.common.children import Follower
from app.common.notices import Responsible
from app.common.records import Beside
from app.kernel.bodies import marks
from app.kernel.decide import Decided, besides
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.moment import Moment
from app.kernel.named import visible
from app.kernel.visibility import audience


async def let_see(
    ledger: Ledger, lifecycle: Lifecycle[Any], decided: Decided, at: Moment, *, version: int
) -> None:
    """Adds a row for each of those whom a row beside the record gives work, and who would not see it."""
    if Follower not in lifecycle.children or not (persons := set(_given(at))):
        return
    shown = audience(lifecycle, decided.record, at.audience, made=at.made, removed=at.removed)
    callers = await ledger.directory.callers(persons)
    for person_id in sorted(callers):
        if not visible(ledger, lifecycle, callers[person_id], sorted(shown)):
            besides(decided, Follower.of(decided.record, person_id, at.occurred_at), at, version=version)


def _given(at: Moment) -> Iterator[UUID]:
    """Whom rows name now that give them work and do not show them the record themselves."""
    for was, row in (*((None, made) for made in at.made), *at.changed):
        shows = isinstance(row, Beside) and row.SHOWS
        for name in () if shows else marks(type(row), Responsible):
            person_id = getattr(row, name)
            if person_id is not None and person_id != getattr(was, name, None):
                yield person_id
