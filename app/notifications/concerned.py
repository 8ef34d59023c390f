"""Who is told of an event for what they are to its record: they hold a role for it, or it names them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.common.notices import Tells
from app.common.records import from_row
from app.db import Connection, rows_of
from app.kernel.ledger import Ledger
from app.kernel.look import HOLDERS, held_for
from app.log.events import id_of, kind_of
from app.notifications.responsible import left_out
from app.notifications.steps import Told

#: So many of those who hold a role, or belong to a team, are told at most.
MOST = 200
MEMBERS = "select person_id from fold.membership where team_id = %s order by person_id limit %s"


async def looked_up(connection: Connection, ledger: Ledger, told: Iterable[Told]) -> list[Told]:
    """The same, each with the persons where there was only said how they are found; each person once for each
    event, for what was said first.
    """
    found: list[Told] = []
    known: set[tuple[int, UUID]] = set()
    for each in told:
        if isinstance(each.whom, Tells):
            persons = await _concerned(connection, ledger, each, each.whom)
            besides = [Told(each.event, each.step, person) for person in persons]
        else:
            besides = [each]
        for one in besides:
            if isinstance(one.whom, UUID):
                if (one.event.position, one.whom) in known:
                    continue
                known.add((one.event.position, one.whom))
            found.append(one)
    return found


async def _concerned(connection: Connection, ledger: Ledger, told: Told, tells: Tells) -> list[UUID]:
    """Those of the record as it is now."""
    lifecycle = ledger.lifecycles[kind_of(told.event.stream)]
    query = f"select * from {lifecycle.table} where id = %s"
    (row,) = await rows_of(connection, query, (id_of(told.event.stream),))
    record = from_row(lifecycle.record, row)
    if tells.field is not None:
        persons = [getattr(record, tells.field)]
    elif tells.team:
        members = await rows_of(connection, MEMBERS, (getattr(record, "team_id", None), MOST))
        persons = [member["person_id"] for member in members]
    else:
        held = [one for role in sorted(tells.roles) for one in held_for(role, record)]
        persons = [holder["id"] for holder in await rows_of(connection, HOLDERS, (held, MOST))]
    without = left_out(told.event, tells)
    return [person for person in persons if person is not None and person not in without]
