"""What the demo plants in its incidents is found whenever it is made: its arrivals and times are drawn anew
in each hour, and what is told of its improvements does not depend on that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
    REVERTED_IMPROVEMENT,
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
from tests.demo.making import EFFECT_DAYS
from tests.extent import first_of

#: Half-days of two years, each at another hour.
ENDS = [datetime(2026, 1, 3, 5, 20, tzinfo=UTC) + n * timedelta(days=15, hours=7) for n in range(48)]
#: The windows after each change, as app/demo/scripts/improvement_scripts.py measures them.
AFTER_FADED, THREE_MONTHS_LATER, AFTER_FINISHED, AFTER_REVERTED = (185, 156), (93, 2), (58, 20), (57, 25)


@dataclass(frozen=True)
class Resolution:
    """The first resolution of an incident: days before the end, seconds from the opening, whether it held."""

    days_ago: float
    took: float
    reopened: bool


Resolutions = dict[str, list[Resolution]]


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
    for arrival in incident_arrivals(end, EFFECT_DAYS):
        incident = IncidentScenario(cast, arrival)
        resolved = next((step.time for step in incident.steps if step.action == "resolve"), None)
        if resolved is not None:
            days_ago = (end - resolved) / timedelta(days=1)
            took = (resolved - arrival.arrived_at).total_seconds()
            reopened = any(step.action == "reopen" and step.time <= end for step in incident.steps)
            team_resolutions = resolutions.setdefault(incident.template.team, [])
            team_resolutions.append(Resolution(days_ago, took, reopened))
    return resolutions


def _within(resolutions: Resolutions, teams: Iterable[str], window: Window) -> list[Resolution]:
    begin, end = window
    return [case for team in teams for case in resolutions[team] if end <= case.days_ago < begin]


def _cases(resolutions: Resolutions, teams: tuple[str, ...], window: Window) -> DayCases:
    cases = _within(resolutions, teams, window)
    return DayCases(
        [case.took for case in cases], [1.0] * len(cases), [-int(case.days_ago) for case in cases]
    )


def _reopened(resolutions: Resolutions, window: Window) -> DayCases:
    cases = _within(resolutions, resolutions, window)
    values = [float(case.reopened) for case in cases]
    return DayCases(values, [1.0] * len(cases), [-int(case.days_ago) for case in cases])


def _effect(resolutions: Resolutions, team: str, before: Window, after: Window) -> EffectEstimate:
    first, second = (_cases(resolutions, (team,), window) for window in (before, after))
    return compare(EffectMethod.mean_by_day, first, second)


def _pilot_effect(resolutions: Resolutions, pilot: PilotTemplate, before: Window) -> EffectEstimate:
    windows = (before, (pilot.begins, pilot.ends))
    first, second = (_cases(resolutions, (pilot.team,), window) for window in windows)
    control_first, control_second = (_cases(resolutions, pilot.control, window) for window in windows)
    return compare(EffectMethod.mean_by_day, first, second, (control_first, control_second))


@pytest.mark.parametrize("end", first_of(ENDS, 1), ids=str)
def test_whenever_it_is_made_its_improvements_come_to_the_same(end: datetime) -> None:
    resolutions = _resolutions(end)
    faded = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, AFTER_FADED)
    later = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, THREE_MONTHS_LATER)
    finished = _effect(resolutions, "service-desk", FINISHED_IMPROVEMENT.baseline, AFTER_FINISHED)
    rolled_out = _pilot_effect(resolutions, PILOT_OF_NETWORK, ROLLED_OUT_IMPROVEMENT.baseline)
    piloted = _pilot_effect(resolutions, PILOT_OF_WORKPLACE, PILOTED_IMPROVEMENT.baseline)
    improved = EffectVerdict.improved
    assert [effect.verdict("less") for effect in (faded, finished)] == [improved] * 2
    assert rolled_out.effect is not None
    assert rolled_out.effect < 0, "it helps; whether its few cases prove it depends on their days"
    assert rolled_out.verdict("less") in (improved, EffectVerdict.no_evidence)
    assert piloted.verdict("less") is EffectVerdict.no_evidence, "it does not help yet"
    share = EffectMethod.share_by_day
    windows = (REVERTED_IMPROVEMENT.baseline, AFTER_REVERTED)
    before_reverted, after_reverted = (_reopened(resolutions, window) for window in windows)
    reverted = compare(share, before_reverted, after_reverted)
    assert reverted.verdict("less") is EffectVerdict.no_evidence, "it has not helped"
    assert faded.effect is not None
    assert later.effect is not None
    assert later.effect / faded.effect * 100 < KEPT_PERCENT, "the benefit has faded"
