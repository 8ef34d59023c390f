"""Reading of suggestions and plans, which are other processes: by the names of their kinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.improvement import AssessmentCriterion, ImprovementAspect, ImprovementScope
from app.common.records import Record
from app.kernel.access.reads import BY_RECORD_VERSION, ReadContext, Unguarded, Versions
from app.platform.db import Row

#: The most suggestions that are assessed at once; more wait for the next assessment.
MOST_ASSESSED = 200
SUGGESTION_KIND = "improvement_suggestion"
_FIELDS = """
select s.id, s.number, s.title, s.scope, s.process, s.aspect, s.state in ('offered', 'deferred') as is_open,
  h.stream, h.version
from fold.improvement_suggestion s join log.stream_head h on h.stream = 'improvement_suggestion/' || s.id"""
WAITING = f"""{_FIELDS}
where s.offered_at < %(end)s
  and (s.state = 'offered' or (s.state = 'deferred' and s.deferred_until_at < %(end)s))
  and not exists (
    select from fold.assessed_suggestion x
    join fold.improvement_assessment a on x.record = 'improvement_assessment/' || a.id
    where x.suggestion_id = s.id and a.state = 'open'
  )
order by s.offered_at, s.id limit {MOST_ASSESSED}"""
BY_ID = f"{_FIELDS} where s.id = any(%s)"
PLAN_IN_FORCE = """
select number from fold.improvement_plan where state = 'running' and year = %s and begun_at <= %s"""
#: Whose suggestion others have merged into it did not propose it: a merge takes no assessor away.
PROPOSES = """
select 1 from fold.suggestion_proposer p left join fold.improvement_suggestion m on m.id = p.merged_from_id
where p.record = %s and p.person_id = %s and (m.id is null or m.decided_by_id = p.person_id)"""


@dataclass(frozen=True, slots=True)
class KnownSuggestion:
    """A suggestion, as far as an assessment needs it. `is_open`: nothing has become of it yet."""

    id: UUID
    number: str
    title: str
    scope: ImprovementScope
    process: str | None
    aspect: ImprovementAspect
    is_open: bool


async def waiting_suggestions(reads: ReadContext, end: datetime) -> Sequence[KnownSuggestion]:
    """Return the suggestions that wait for an assessment at the end of its month, the oldest first: those
    offered by then, and deferred ones whose time is over by then, except those in another open assessment.
    One that is offered meanwhile waits for the next assessment.
    """
    return _known_suggestions(await reads.rows(WAITING, {"end": end}, guard=Versions()))


async def suggestions_by_id(reads: ReadContext, ids: Iterable[UUID]) -> dict[UUID, KnownSuggestion]:
    """Return these suggestions as they are now, by their ids."""
    return {
        suggestion.id: suggestion
        for suggestion in _known_suggestions(await reads.rows(BY_ID, (list(ids),), guard=Versions()))
    }


def _known_suggestions(rows: Iterable[Row]) -> list[KnownSuggestion]:
    return [
        KnownSuggestion(
            id=row["id"],
            number=row["number"],
            title=row["title"],
            scope=ImprovementScope(row["scope"]),
            process=row["process"],
            aspect=ImprovementAspect(row["aspect"]),
            is_open=row["is_open"],
        )
        for row in rows
    ]


async def proposes(reads: ReadContext, suggestion: Record, person_id: UUID | None) -> bool:
    """Return whether the person proposes the suggestion, which is in the read set, by an act of their own."""
    parameters = (suggestion.row_key, person_id)
    return await reads.value(PROPOSES, parameters, guard=BY_RECORD_VERSION) is not None


async def plan_in_force(reads: ReadContext, year: int, until: datetime) -> str | None:
    """Return the number of the year's plan that had begun by then and is carried out, or None."""
    guard = Unguarded("A plan that begins meanwhile counts from the next assessment on.")
    number: str | None = await reads.value(PLAN_IN_FORCE, (year, until), guard=guard)
    return number


def weights_of(plan: Record | None) -> dict[str, int]:
    """Return the weights of the criteria by the plan; 1 each by default."""
    fixed = getattr(plan, "weights", None) or {}
    return {criterion.value: int(fixed.get(criterion.value, 1)) for criterion in AssessmentCriterion}
