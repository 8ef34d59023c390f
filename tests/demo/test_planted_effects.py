"""The effects that the demo plants in its incidents are found at whatever time it is made: another hour
draws other arrivals and times, and the verdicts on its improvements stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

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
#: Part of the demos in which chance may hide what was planted.
CHANCE = 2 / 48
#: The windows after each change, as app/demo/scripts/improvement_steps.py measures them.
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


def _unexpected_findings(end: datetime) -> list[str]:
    """Return the improvements of a demo that ends then whose figures do not show what was planted."""
    resolutions = _resolutions(end)
    faded = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, AFTER_FADED)
    later = _effect(resolutions, "platform", FADED_IMPROVEMENT.baseline, THREE_MONTHS_LATER)
    finished = _effect(resolutions, "service-desk", FINISHED_IMPROVEMENT.baseline, AFTER_FINISHED)
    rolled_out = _pilot_effect(resolutions, PILOT_OF_NETWORK, ROLLED_OUT_IMPROVEMENT.baseline)
    piloted = _pilot_effect(resolutions, PILOT_OF_WORKPLACE, PILOTED_IMPROVEMENT.baseline)
    before = _reopened(resolutions, REVERTED_IMPROVEMENT.baseline)
    reverted = compare(EffectMethod.share_by_day, before, _reopened(resolutions, AFTER_REVERTED))
    assert faded.effect is not None
    assert later.effect is not None
    as_planted = {
        "faded helped": faded.verdict("less") is EffectVerdict.improved,
        "faded no longer helps": later.effect / faded.effect * 100 < KEPT_PERCENT,
        "finished helps": finished.verdict("less") is EffectVerdict.improved,
        "rolled out helps": rolled_out.verdict("less") is EffectVerdict.improved,
        "piloted does not help yet": piloted.verdict("less") is EffectVerdict.no_evidence,
        "reverted has not helped": reverted.verdict("less") is EffectVerdict.no_evidence,
    }
    return [finding for finding, holds in as_planted.items() if not holds]


def test_whenever_the_demo_is_made_its_figures_show_what_was_planted() -> None:
    ends = first_of(ENDS, 1)
    unexpected = Counter(finding for end in ends for finding in _unexpected_findings(end))
    often = {finding: n for finding, n in unexpected.items() if n > len(ends) * CHANCE}
    assert not often, f"in more than {CHANCE:.0%} of {len(ends)} demos"
