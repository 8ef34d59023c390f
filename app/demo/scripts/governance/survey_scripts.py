"""The demo's surveys of requesters, which are anonymous: their answers enter the log when each has ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.common.people import rule_caller
from app.demo.data.governance import survey_data as data
from app.demo.data.governance.survey_data import SurveyTemplate
from app.demo.data.organisation import SERVICE_LEVEL_MANAGER
from app.demo.programme import Programme, ProgrammeScript
from app.governance.surveys.figures import anonymised
from app.governance.surveys.payloads import CollectSurveyResult, PlanSurvey
from app.governance.surveys.records import SurveyQuestion
from app.kernel.actions.payloads import EmptyPayload
from app.log.canonical import instant

#: The rules that begin and end surveys.
STARTER, ENDER = "start_surveys", "end_surveys"


async def make_surveys(programme: Programme) -> None:
    """Play the surveys that are not there yet, each compared with the one before."""
    before: UUID | None = None
    for template in data.SURVEYS:
        before = await _survey(programme, template, before)


async def _survey(programme: Programme, template: SurveyTemplate, before: UUID | None) -> UUID:
    script, before_end = ProgrammeScript(programme, "survey", template.name), programme.before_end
    plan = PlanSurvey.model_validate(
        {
            "title": template.title,
            "title_zh": template.title_zh,
            "series": data.SERIES,
            "questions": data.QUESTIONS,
            "anonymous": True,
            "teams": data.AUDIENCE,
            "opens_at": instant(before_end(template.opens)),
            "ends_at": instant(before_end(template.ends)),
            "compare_with": None if before is None else str(before),
        }
    )
    manager = programme.callers[SERVICE_LEVEL_MANAGER]
    await script.act(before_end(template.planned), manager, "plan", plan)
    await script.rule(before_end(template.opens), STARTER, "start", EmptyPayload())

    async def answers() -> CollectSurveyResult:
        questions = await script.script.children(script.kind, script.record_id, SurveyQuestion)
        in_order = sorted(questions, key=lambda question: question.place or 0)
        sheets = _sheets(template)
        result = anonymised(sheets, in_order, list)
        return CollectSurveyResult(
            survey=str(script.record_id),
            answered=len(sheets),
            withheld=result.withheld,
            answers=result.answers,
        )

    collection = ProgrammeScript(programme, "survey_result", template.name)
    await collection.act(before_end(template.ends), rule_caller(ENDER), "collect", answers)
    await script.act(before_end(template.published), manager, "publish", EmptyPayload())
    return script.record_id


def _sheets(template: SurveyTemplate) -> list[dict[str, Any]]:
    """Return the sheets that were answered, all without a team, because each team is too small to be
    named.
    """
    sheets: list[dict[str, Any]] = []
    for n, (helped, speed, wish) in enumerate(template.answers):
        answered: dict[str, Any] = {
            "helped": {"score": helped},
            "speed": {"score": speed},
            "wish": {"choice": wish},
        }
        if n < len(template.remarks):
            answered["remark"] = {"text": template.remarks[n]}
        sheets.append({"team": None, "answers": answered})
    return sheets
