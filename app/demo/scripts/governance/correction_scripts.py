"""The demo's corrective actions: planned by the quality manager, done by their owners, verified."""

from __future__ import annotations

from collections.abc import Mapping

from app.demo.data.governance import correction_data as data
from app.demo.data.governance.correction_data import CorrectionTemplate
from app.demo.programme import Programme, ProgrammeScript
from app.governance.corrective_actions.payloads import (
    CompleteCorrectiveAction,
    MoveCorrectiveAction,
    PlanCorrectiveAction,
    VerifyCorrectiveAction,
)
from app.governance.corrective_actions.records import CorrectionOccasion
from app.kernel.actions.payloads import EmptyPayload

FLAGGER = "flag_corrective_actions"


async def make_corrections(programme: Programme, sources: Mapping[str, str]) -> None:
    """Play the corrective actions that are not there yet; `sources` are the streams of the records that they
    come from, by name.
    """
    for template in data.CORRECTIONS:
        await _correct(programme, template, sources[template.source])


async def _correct(programme: Programme, template: CorrectionTemplate, source: str) -> None:
    script, before_end = ProgrammeScript(programme, "corrective_action", template.name), programme.before_end
    plan = PlanCorrectiveAction(
        title=template.title,
        task=template.task,
        occasion=CorrectionOccasion(template.occasion),
        source=source,
        process=template.process,
        owner=programme.person(template.owner),
        due_at=before_end(template.due),
    )
    owner = programme.callers[template.owner]
    await script.act(before_end(template.planned), programme.quality, "plan", plan)
    if template.moved is not None:
        moved, due, reason = template.moved
        move = MoveCorrectiveAction(due_at=before_end(due), reason=reason)
        await script.act(before_end(moved), owner, "move", move)
    if template.done is not None:
        evidence = CompleteCorrectiveAction(evidence=data.EVIDENCE)
        await script.act(before_end(template.done), owner, "complete", evidence)
    if template.verified is not None:
        verification = VerifyCorrectiveAction(verification=data.VERIFICATION)
        await script.act(before_end(template.verified), programme.quality, "verify", verification)
    elif template.due > 0:
        await script.rule(before_end(template.due), FLAGGER, "fall_overdue", EmptyPayload())
