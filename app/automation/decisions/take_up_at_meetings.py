"""Puts what waits for a decision on the agenda of the next meeting of those who decide, if that begins before
the decision is due: of the group that votes, or else of the change advisory board for changes, and of the
committee for improvements and annual plans.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, stream
from app.meetings.payloads import AddAgendaItemMeeting
from app.meetings.records import AgendaItem, Meeting

ITEM_ADDED = "meeting.agenda_item_added"
# Left out is what is on the agenda of such a meeting that is not over.
WAITING = """
select m.id as meeting_id, d.id as decision_id, w.id, w.kind, w.number
from (
  select id, 'change' as kind, number, approval_id as decision_id, array['cab'] as meeting_kinds
  from fold.change where state = 'awaiting_approval'
  union all
  select id, 'improvement', number, decision_id, array['plan_review', 'monthly_assessment']
  from fold.improvement
  union all
  select id, 'improvement_plan', number, decision_id, array['plan_review', 'monthly_assessment']
  from fold.improvement_plan
) w
join fold.decision d on d.id = w.decision_id and d.state = 'open'
cross join lateral (
  select m.id, m.starts_at from fold.meeting m
  where m.state = 'called' and m.starts_at > %(now)s and {board}
  order by m.starts_at, m.id limit 1) m
where d.due_at > m.starts_at
  and not exists (
    select from fold.meeting m join fold.agenda_item a on a.record = 'meeting/' || m.id
    where m.state in ('called', 'held') and {board} and a.about = d.record
      and (a.decision_id is null or a.decision_id = d.id))
order by d.due_at, w.number""".format(
    board="(m.group_id = d.group_id or (d.group_id is null and m.meeting_kind = any(w.meeting_kinds)))"
)


async def take_up_at_meetings(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the items that the next meetings of those who decide take up."""
    taken_up: dict[UUID, set[str]] = {}
    for row in await ledger.db.rows(WAITING, {"now": event.occurred_at}):
        meeting_id = row["meeting_id"]
        if meeting_id not in taken_up:
            taken_up[meeting_id] = await _decisions_taken_up(ledger, meeting_id)
        if str(row["decision_id"]) in taken_up[meeting_id]:  # somebody has dropped the item
            continue
        # The topic is the number alone: those who are invited besides may not see the record.
        about = stream(row["kind"], row["id"])
        body = AddAgendaItemMeeting(topic=row["number"], about=about, decision=row["decision_id"])
        yield RuleConsequence(Meeting.KIND, "add_agenda_item", meeting_id, body, about=row["decision_id"])


async def _decisions_taken_up(ledger: Ledger, meeting_id: UUID) -> set[str]:
    """Return the ids of the decisions that were ever on the agenda of the meeting."""
    events = await read.stream_events(ledger.db, stream(Meeting.KIND, meeting_id))
    added = [event.rows_set(AgendaItem.KIND) for event in events if event.type == ITEM_ADDED]
    return {row["decision_id"] for rows in added for row in rows.values() if row.get("decision_id")}


#: The events that put a question to a board that meets.
QUESTION_EVENTS = (
    "change.approval_requested",
    *("improvement.submitted", "improvement.taken_up", "improvement.class_asked"),
    *("improvement.charter_asked", "improvement.plan_approval_asked", "improvement.plan_return_asked"),
    *("improvement.judgement_asked", "improvement.revert_asked", "improvement.people_change_asked"),
    *("improvement_plan.submitted", "improvement_plan.adjustment_proposed"),
    "improvement_plan.closing_asked",
)
RULE = Rule(
    "take_up_at_meetings",
    (*QUESTION_EVENTS, "meeting.called", "meeting.moved", "meeting.minuted", "meeting.cancelled"),
    take_up_at_meetings,
)
