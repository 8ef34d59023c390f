"""Answers to risk questions that the records give: criticality of services, now and lately, and dependents of
items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.foundation.cis.impact import ImpactDirection, kinds_in_direction
from app.foundation.services.records import Criticality
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.processes.changes.planning.lookups import HAS_DEPENDENTS
from app.processes.changes.policies.criticality import are_unknown, criticalities
from app.processes.changes.policies.risk import RiskQuestion

#: The keys of the questions that the records answer, and of the answer that something depends on the items.
CRITICALITY, DEPENDENCIES, SOME = "service_criticality", "dependencies", "some"
_AS_OF_NOW = Unguarded("Items count as they are recorded when the change is assessed.")


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """Keys of answers that the records give, by the keys of their questions, and whether a service is unknown
    or only proposed, or none is named, so that they give no answer.
    """

    by_question: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_unknown_service: bool = False

    @property
    def demands_a_board(self) -> bool:
        """Return whether one of the services is critical, or was lately, or could be."""
        return self.has_unknown_service or Criticality.critical.value in self.by_question.get(CRITICALITY, ())

    def raised(self, questions: tuple[RiskQuestion, ...], answers: Mapping[str, str]) -> dict[str, str]:
        """Return the answers, each raised to the riskiest one that the records give to its question."""
        raised = dict(answers)
        for question in questions:
            points = {answer.key: answer.points for answer in question.answers}
            answer_keys = [key for key in self.by_question.get(question.key, ()) if key in points]
            if answer_keys and raised.get(question.key) in points:
                raised[question.key] = max(raised[question.key], *answer_keys, key=points.__getitem__)
        return raised


async def recorded_answers(
    reads: ReadContext, change: Any, body: object, ctx: ActionContext
) -> RecordedAnswers:
    """Find the answers that the records of the change's services and items give."""
    codes = await criticalities(reads, change.touched_services, change.opened_at, ctx.now)
    recorded = {CRITICALITY: tuple(sorted(codes))}
    items = [UUID(ci_id) for ci_id in change.ci_ids or ()]
    if items:
        parameters = {
            "items": items,
            "to_start": kinds_in_direction(ImpactDirection.to_its_start),
            "to_end": kinds_in_direction(ImpactDirection.to_its_end),
        }
        row = await reads.row(HAS_DEPENDENTS, parameters, guard=_AS_OF_NOW)
        if row is not None and row["depends"]:
            recorded[DEPENDENCIES] = (SOME,)
    services = change.touched_services
    return RecordedAnswers(recorded, not services or await are_unknown(reads, services))
