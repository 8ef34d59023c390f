"""Bounds of an account: how many standing things of each kind it may have that cost something as long as they
are there. Administrators raise them for one account. Existing things above a bound stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.people import Person
from app.foundation.people.credentials import queries
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.context import AccountPlace, ActionContext
from app.kernel.actions.lifecycle import PayloadCheck
from app.kernel.actions.refusals import PreparationRefused

GUARD = Unguarded("Of two that are decided on the same count, only one gets the place: `AccountPlace`.")
#: The highest bound that an administrator can set for an account.
HIGHEST_BOUND = 1_000


@dataclass(frozen=True, slots=True)
class StandingBound:
    """The usual bound of one kind, and the statement that counts what an account, `person`, has of it."""

    most: int
    kind: str
    count: str


SUBSCRIPTIONS = StandingBound(20, "subscription", queries.SUBSCRIPTION_COUNT)
DEPUTIES = StandingBound(50, "deputy", queries.DEPUTY_COUNT)
ABSENCES = StandingBound(100, "absence", queries.ABSENCE_COUNT)
ABSENCE_CALENDARS = StandingBound(5, "absence_calendar", queries.ABSENCE_CALENDAR_COUNT)
KEYS = StandingBound(50, "key", queries.KEY_COUNT)


async def exceeded(read: Reading, bound: StandingBound, person_id: UUID, now: Any) -> int | None:
    """Return the bound if the account has as many of the kind as it may have; None if it may have more."""
    (row,) = await read(bound.count, {"person": person_id, "now": now})
    if row["count"] < bound.most:
        return None
    rows = await read(queries.MOST_STANDING, (person_id,))
    most = max(bound.most, (rows[0]["most_standing"] if rows else None) or 0)
    return most if row["count"] >= most else None


def within_bound(bound: StandingBound) -> PayloadCheck:
    """Return the check that refuses one more of the kind for its account (`too_many_standing`); rules may."""

    async def too_many_standing(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
        """Refuse one more than the account may have of the kind."""
        person = ctx.ref(Person, "person")
        person_id = ctx.caller.person_id if person is None else person.id
        if ctx.caller.is_rule or person_id is None:
            return

        async def read(query: str, parameters: Any) -> Any:
            return await reads.rows(query, parameters, guard=GUARD)

        # Read before the rows that count: a credential added in between takes the place.
        (row,) = await read(queries.EVER_COUNT.format(kind=bound.kind), {"person": person_id})
        most = await exceeded(read, bound, person_id, ctx.now)
        if most is not None:
            raise PreparationRefused("too_many_standing", {"most": str(most)})
        ctx.add_prepared(AccountPlace(person_id, bound.kind, row["ever"]))

    return too_many_standing
