"""Recipients of an event by their relation to the record: holders of a role, members of its team, or persons
in a field.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.common.notices import RecipientRule
from app.common.records import from_row
from app.db import Connection, fetch_rows
from app.kernel.ledger import Ledger
from app.kernel.reads import HOLDERS, grants_for
from app.log.events import id_of, kind_of
from app.notifications.responsible import excluded_persons
from app.notifications.steps import PendingNotice

#: The most holders of a role, or members of a team, who are notified of an event.
MOST_RECIPIENTS = 200
MEMBERS = "select person_id from fold.membership where team_id = %s order by person_id limit %s"


async def resolve_recipients(
    connection: Connection, ledger: Ledger, pending: Iterable[PendingNotice]
) -> list[PendingNotice]:
    """Return the pending notices with persons in place of recipient rules; for each event and person only the
    first.
    """
    found: list[PendingNotice] = []
    known: set[tuple[int, UUID]] = set()
    for each in pending:
        if isinstance(each.recipient, RecipientRule):
            persons = await _matching_persons(connection, ledger, each, each.recipient)
            besides = [PendingNotice(each.event, each.step, person, about=each.about) for person in persons]
        else:
            besides = [each]
        for one in besides:
            if isinstance(one.recipient, UUID):
                if (one.event.position, one.recipient) in known:
                    continue
                known.add((one.event.position, one.recipient))
            found.append(one)
    return found


async def _matching_persons(
    connection: Connection, ledger: Ledger, notice: PendingNotice, tells: RecipientRule
) -> list[UUID]:
    """Return the persons that the rule `tells` selects for the record in its present state."""
    lifecycle = ledger.lifecycles[kind_of(notice.record)]
    query = f"select * from {lifecycle.table} where id = %s"
    (row,) = await fetch_rows(connection, query, (id_of(notice.record),))
    record = from_row(lifecycle.record, row)
    if tells.when is not None and not getattr(record, tells.when):
        return []
    if tells.field is not None:
        persons = [getattr(record, tells.field)]
    elif tells.team:
        members = await fetch_rows(connection, MEMBERS, (getattr(record, "team_id", None), MOST_RECIPIENTS))
        persons = [member["person_id"] for member in members]
    else:
        held = [one for role in sorted(tells.roles) for one in grants_for(role, record)]
        persons = [holder["id"] for holder in await fetch_rows(connection, HOLDERS, (held, MOST_RECIPIENTS))]
    without = excluded_persons(notice.event, tells)
    return [person for person in persons if person is not None and person not in without]
