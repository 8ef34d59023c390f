"""The meeting at which a record was judged: the word of one person does not stand for it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.common.people import Role
from app.common.records import Record
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.meetings.records import AgendaItem, Meeting, Participant

#: Roles of those who sign the minutes of such a meeting.
SIGNERS = (Role.process_owner, Role.committee_member, Role.quality_manager)


async def require_several_judges(
    reads: ReadContext,
    record: Record,
    meeting: Meeting,
    judges: Collection[Role],
    ctx: ActionContext,
    absent: str = "nobody_of_committee_attended",
) -> None:
    """Refuse a meeting without the record on its agenda (`not_on_agenda`), one whose minutes nobody else of
    SIGNERS has signed (`minutes_not_signed`), and one to which no other holder of the roles `judges` was
    invited and came (`absent`). Raises WrongValue.
    """
    me = ctx.caller.person_id
    if await reads.child(AgendaItem, meeting, about=record.row_key) is None:
        raise WrongValue(pointer="/meeting", because="not_on_agenda")
    signers = [
        person for person in (meeting.signed_by_id, meeting.countersigned_by_id) if person not in (None, me)
    ]
    if not await reads.holding(SIGNERS, record, signers):
        raise WrongValue(pointer="/meeting", because="minutes_not_signed")
    if not await judges_there(reads, record, meeting, judges, me):
        raise WrongValue(pointer="/meeting", because=absent)


async def judges_there(
    reads: ReadContext, record: Record, meeting: Meeting, judges: Collection[Role], besides: UUID | None
) -> set[UUID]:
    """Return the holders of the roles who were invited to the meeting and came, without one person."""
    participants = await reads.children(Participant, meeting, attended=True, invited=True)
    attended = {p.person_id for p in participants if p.person_id not in (None, besides)}
    return await reads.holding(judges, record, attended)
