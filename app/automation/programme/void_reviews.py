"""Voids reviews and assessments that rest on a meeting, if somebody objects to having attended it and nobody
else of the committee came.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.common.people import Role
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.meetings.judging import judges_there
from app.meetings.records import Meeting
from app.processes.improvement_assessments.checks import JUDGES
from app.processes.improvement_plans.following import VoidReviewImprovementPlan

#: Another holder of one of these roles must have come to the meeting, by the kind of the record.
COMMITTEE = {"improvement_plan": (Role.committee_member,), "improvement_assessment": JUDGES}
RESTING = """
select 'improvement_plan' as kind, split_part(r.record, '/', 2)::uuid as id, r.id as review,
  r.reviewed_by_id as judged_by
from fold.improvement_plan_review r where r.meeting_id = %(meeting)s and r.void_at is null
union all
select 'improvement_assessment', a.id, null, a.concluded_by_id
from fold.improvement_assessment a where a.meeting_id = %(meeting)s and a.void_at is null"""


async def void_reviews(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the end of each review and assessment at the meeting that nobody of the committee attended."""
    meeting = await load(ledger.db, ledger.lifecycles[Meeting.KIND], str(id_of(event.stream)))
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    for row in await ledger.db.rows(RESTING, {"meeting": id_of(event.stream)}):
        resting = await load(ledger.db, ledger.lifecycles[row["kind"]], str(row["id"]))
        if meeting is None or resting is None:
            continue
        if await judges_there(
            reads, resting.record, meeting.record, COMMITTEE[row["kind"]], row["judged_by"]
        ):
            continue
        body = EmptyPayload() if row["review"] is None else VoidReviewImprovementPlan(review=row["review"])
        yield RuleConsequence(row["kind"], "void_review", row["id"], body, about=row["review"])


RULE = Rule("void_reviews", ("meeting.statement_objected", "meeting.attendance_corrected"), void_reviews)
