"""The demo's quality target: of the organisation, of a team, and of two of its people, one of them sends it
back.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from app.demo.data.governance import quality_data as data
from app.demo.data.organisation import HEAD_OF_IT, TEAM_LEADS
from app.demo.lookups import part_of_target
from app.demo.programme import Programme, ProgrammeScript
from app.governance.quality_targets.payloads import BreakDownQualityTarget, SetQualityTarget
from app.kernel.actions.payloads import EmptyPayload, Reason


async def make_targets(programme: Programme) -> None:
    """Play what is missing of the quality target and its parts."""
    before_end, person = programme.before_end, programme.person
    zone = ZoneInfo(programme.maker.ledger.settings.time_zone)
    organisation = ProgrammeScript(programme, "quality_target", "whole")
    target = SetQualityTarget.model_validate(
        {
            "year": before_end(data.TARGET_SET).astimezone(zone).year,
            "kpi": data.TARGET_KPI,
            "comparator": data.COMPARATOR,
            "value": data.GOAL,
            "answerable": person(HEAD_OF_IT),
        }
    )
    await organisation.act(before_end(data.TARGET_SET), programme.quality, "set", target)
    await organisation.act(before_end(data.TARGET_SET - 2), programme.owner, "accept", EmptyPayload())
    part = {"team": data.TARGET_TEAM, "value": data.TEAM_GOAL}
    down = BreakDownQualityTarget.model_validate({"targets": [part]})
    await organisation.act(before_end(data.TARGET_SET - 3), programme.quality, "break_down", down)

    lead = TEAM_LEADS[data.TARGET_TEAM]
    team = await _part_of(programme, organisation, lead)
    await team.act(before_end(data.TARGET_SET - 5), programme.callers[lead], "accept", EmptyPayload())
    parts = [{"person": person(name), "value": value} for name, value in data.PERSON_GOALS.items()]
    down = BreakDownQualityTarget.model_validate({"targets": parts})
    await team.act(before_end(data.TARGET_SET - 7), programme.callers[lead], "break_down", down)
    for name in data.PERSON_GOALS:
        own = await _part_of(programme, team, name)
        answered_at, by = before_end(data.TARGET_SET - 9), programme.callers[name]
        if name == data.RETURNED_BY:
            await own.act(answered_at, by, "return", Reason(reason=data.RETURN_REASON))
        else:
            await own.act(answered_at, by, "accept", EmptyPayload())


async def _part_of(programme: Programme, organisation: ProgrammeScript, name: str) -> ProgrammeScript:
    """Return the script of the part of the target that the person answers for."""
    db = programme.maker.ledger.db
    part = await part_of_target(db, organisation.record_id, programme.person(name))
    return ProgrammeScript(programme, organisation.kind, f"of-{name}", part)
