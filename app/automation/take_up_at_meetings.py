"""Puts changes that wait for a group's decision on the agenda of its next meeting, if that begins before the
decision is due.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.foundation.decisions.records import Decision
from app.kernel.ledger import Ledger
from app.kernel.rules import Consequence, Rule
from app.log import read
from app.log.events import Recorded, id_of, kind_of, stream
from app.meetings.lifecycle import AddAgendaItemMeeting
from app.meetings.records import AgendaItem, Meeting

ITEM_ADDED = "meeting.agenda_item_added"
GROUP_OF_MEETING = "select group_id from fold.meeting where id = %s"
# Left out are changes that are on the agenda of a meeting of the group that is not over.
WAITING = """
with next_meeting as (
  select m.id, m.starts_at from fold.meeting m
  where m.group_id = %(group)s and m.state = 'called' and m.starts_at > %(now)s
  order by m.starts_at, m.id limit 1
)
select m.id as meeting_id, d.id as decision_id, c.id as change_id, c.number
from next_meeting m
join fold.change c on c.state = 'awaiting_approval'
join fold.decision d on d.id = c.approval_id and d.state = 'open' and d.group_id = %(group)s
  and d.due_at > m.starts_at
where not exists (
  select from fold.meeting o join fold.agenda_item a on a.record = 'meeting/' || o.id
  where o.group_id = %(group)s and o.state in ('called', 'held') and a.about = d.record
    and (a.decision_id is null or a.decision_id = d.id))
order by d.due_at, c.number"""


async def take_up_at_meetings(ledger: Ledger, event: Recorded) -> AsyncIterator[Consequence]:
    """Yield the items that the next meeting of the group takes up."""
    group = await _group_of(ledger, event)
    if group is None:
        return
    waiting = await ledger.db.rows(WAITING, {"group": group, "now": event.occurred_at})
    if not waiting:
        return
    meeting_id = waiting[0]["meeting_id"]
    known = await _decisions_taken_up(ledger, meeting_id)
    for row in waiting:
        if str(row["decision_id"]) in known:  # somebody has dropped the item
            continue
        # The topic is the number alone: those who are invited besides may not see the change.
        body = AddAgendaItemMeeting(
            topic=row["number"], about=str(row["change_id"]), decision=row["decision_id"]
        )
        yield Consequence(Meeting.KIND, "add_agenda_item", meeting_id, body, about=row["decision_id"])


async def _group_of(ledger: Ledger, event: Recorded) -> UUID | None:
    """Return the id of the group that is asked to decide, or whose meeting it is; None if there is none."""
    if kind_of(event.stream) == Meeting.KIND:
        found: UUID | None = await ledger.db.value(GROUP_OF_MEETING, (id_of(event.stream),))
        return found
    groups = [row["group_id"] for row in event.rows_set(Decision.KIND).values() if row.get("group_id")]
    return UUID(groups[0]) if groups else None


async def _decisions_taken_up(ledger: Ledger, meeting_id: UUID) -> set[str]:
    """Return the ids of the decisions that were ever on the agenda of the meeting."""
    events = await read.stream_events(ledger.db, stream(Meeting.KIND, meeting_id))
    added = [event.rows_set(AgendaItem.KIND) for event in events if event.type == ITEM_ADDED]
    return {row["decision_id"] for rows in added for row in rows.values() if row.get("decision_id")}


RULE = Rule(
    "take_up_at_meetings",
    (
        "change.approval_requested",
        "meeting.called",
        "meeting.moved",
        "meeting.minuted",
        "meeting.cancelled",
    ),
    take_up_at_meetings,
)
