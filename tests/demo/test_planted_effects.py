"""What the demo plants in its incidents is found whenever it is made: its arrivals and times are drawn anew
in each hour, and what is told of its improvements does not depend on that.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.common.people import Caller
from app.demo.arrivals import incident_arrivals
from app.demo.data.improvement_data import (
    FADED_IMPROVEMENT,
    FINISHED_IMPROVEMENT,
    PILOT_OF_NETWORK,
    PILOT_OF_WORKPLACE,
    PILOTED_IMPROVEMENT,
    ROLLED_OUT_IMPROVEMENT,
    PilotTemplate,
    Window,
)
from app.demo.data.organisation import BERLIN, CUSTOMERS, REQUESTERS, STAFF, Site
from app.demo.scripts.incident_scripts import IncidentScenario, Member, Participants
from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict
from app.kpis.statistics.effects.compare import compare
from app.kpis.statistics.effects.effect import EffectEstimate
from app.kpis.statistics.effects.samples import DayCases
from app.processes.improvements.effects.measuring import KEPT_PERCENT
from tests.demo.making import DEMO_DAYS
from tests.extent import some_of

#: Half-days of two years, each at another hour.
ENDS = [datetime(2026, 1, 3, 5, 20, tzinfo=UTC) + n * timedelta(days=15, hours=7) for n in range(48)]
#: The first resolution of each team's incidents: the days before the end, and the seconds from the opening.
Resolutions = dict[str, list[tuple[float, float]]]
#: The windows after each change, as app/demo/scripts/improvement_scripts.py measures them.
AFTER_FADED, THREE_MONTHS_LATER, AFTER_FINISHED = (185, 156), (93, 2), (58, 20)


def _member(site: Site, place: str = "") -> Member:
    return Member(Caller("person:somebody", uuid4()), site, place)


def _cast() -> Participants:
    staff: dict[str, list[Member]] = {}
    for _, _, team, site in STAFF:
        staff.setdefault(team, []).append(_member(site))
    sites = {key: (site, place) for key, _, site, place in CUSTOMERS}
    requesters = [_member(*sites[customer]) for _, customer in REQUESTERS]
    return Participants(staff, staff["service-desk"], requesters, _member(BERLIN), _member(BERLIN), {})


def _resolutions(end: datetime) -> Resolutions:
    cast, resolutions = _cast(), Resolutions()
    for arrival in incident_arrivals(end, DEMO_DAYS):
        incident = IncidentScenario(cast, arrival)
        resolved = next((step.time for step in incident.steps if step.action == "resolve"), None)
        if resolved is not None:
            days_ago = (end - resolved) / timedelta(days=1)
            took = (resolved - arrival.arrived_at).total_seconds()
            resolutions.setdefault(incident.template.team, []).append((days_ago, took))
    return resolutions


def _cases(resolutions: Resolutions, teams: tuple[str, ...], window: Window) -> DayCases:
    begin, end = window
    cases = [case for team in teams for case in resolutions[team] if end <= case[0] < begin]
    return DayCases([took for _, took in cases], [1.0] * len(cases), [-int(ago) for ago, _ in cases])


def _effect(resolutions: Resolutions, team: str, before: Window, after: Window) -> EffectEstimate:
    first, second = (_cases(resolutions, (team,), window) for window in (before, after))
    return compare(EffectMethod.mean_by_day, first, second)


def _pilot_effect(resolutions: Resolutions, pilot: PilotTemplate, before: Window) -> EffectEstimate:
    windows = (before, (pilot.begins, pilot.ends))
    first, second = (_cases(resolutions, (pilot.team,), window) for window in windows)
    control_first, control_second = (_cases(resolutions, pilot.control, window) for window in windows)
    return compare(EffectMethod.mean_by_day, first, second, (control_first, control_second))


@pytest.mark.parametrize("end", some_of(ENDS, 6), ids=str)
def test_whenever_it_is_made_its_improvements_come_to_the_same(end: datetime) -> None:
    resolutions = _resolutions(end)
    faded = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, AFTER_FADED)
    later = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, THREE_MONTHS_LATER)
    finished = _effect(resolutions, "service-desk", FINISHED_IMPROVEMENT.baseline, AFTER_FINISHED)
    rolled_out = _pilot_effect(resolutions, PILOT_OF_NETWORK, ROLLED_OUT_IMPROVEMENT.baseline)
    piloted = _pilot_effect(resolutions, PILOT_OF_WORKPLACE, PILOTED_IMPROVEMENT.baseline)
    improved = EffectVerdict.improved
    assert [effect.verdict("less") for effect in (faded, finished, rolled_out)] == [improved] * 3
    # Which of the two it is, chance decides on one date in fifty.
    assert piloted.verdict("less") in (EffectVerdict.no_evidence, EffectVerdict.worsened), "it does not help"
    assert faded.effect is not None
    assert later.effect is not None
    assert later.effect / faded.effect * 100 < KEPT_PERCENT, "the benefit has faded"
