"""The demo is an organisation on an ordinary day, whenever it is made: at night, at a weekend, as a month
ends. Some of its cases are new, some wait, some are due within hours and few are late; each month is whole;
last year is there to compare with; and targets are met and missed for reasons that its documentation names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean
from uuid import uuid4

import pytest

from app.common.people import Caller
from app.demo.arrivals import MONTHS, MONTHS_OF_BOTH_SITES, begin_of_history, incident_arrivals
from app.demo.data.organisation import BERLIN, CUSTOMERS, REQUESTERS, STAFF, TEAMS, Site
from app.demo.data.satisfaction_data import ANGRY_PLACE
from app.demo.history import make_history
from app.demo.scripts.incident_scripts import FORGETFUL_TEAM, IncidentScenario, Member, Participants
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.processes.incidents.payloads import ResolveIncident
from app.ticketing.satisfaction.ratings import RateTicket
from tests.extent import first_of, in_test_all

#: Of two years: weekends, ends and begins of months, nights in UTC and in Shanghai.
ENDS = [
    *(datetime(2026, 1, 3, 5, 20, tzinfo=UTC) + n * timedelta(days=15, hours=7) for n in range(48)),
    datetime(2026, 2, 28, 23, 59, tzinfo=UTC),
    datetime(2026, 3, 1, 0, 1, tzinfo=UTC),
    datetime(2026, 12, 31, 16, 5, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
]
OPEN = """
select i.state, t.key as team, c.due_at from fold.incident i
left join fold.team t on t.id = i.team_id left join sla.clock c on c.case_id = i.id and c.urgent
where i.state = any(array['new', 'acknowledged', 'in_progress', 'on_hold'])"""
LATE_REQUESTS = """
select count(*) from fold.request r join sla.clock c on c.case_id = r.id and c.urgent
where c.due_at < %s"""
#: The fewest days of which a history tells what is open on its last.
SHORT = 1


def _member(site: Site, place: str = "") -> Member:
    return Member(Caller("person:somebody", uuid4()), site, place)


def _incidents(end: datetime) -> list[IncidentScenario]:
    staff: dict[str, list[Member]] = {}
    for _, _, team, site in STAFF:
        staff.setdefault(team, []).append(_member(site))
    sites = {key: (site, place) for key, _, site, place in CUSTOMERS}
    requesters = [_member(*sites[customer]) for _, customer in REQUESTERS]
    cast = Participants(staff, staff["service-desk"], requesters, _member(BERLIN), _member(BERLIN), {})
    return [IncidentScenario(cast, arrival) for arrival in incident_arrivals(end)]


def _scores(incidents: Sequence[IncidentScenario], end: datetime) -> list[int]:
    return [
        step.body.score
        for incident in incidents
        for step in incident.steps
        if isinstance(step.body, RateTicket) and step.time <= end
    ]


def _without_work(incidents: Sequence[IncidentScenario]) -> float:
    """The share of those resolved of which nobody has logged work."""
    resolved = [
        {step.action for step in incident.steps}
        for incident in incidents
        if any(isinstance(step.body, ResolveIncident) for step in incident.steps)
    ]
    return mean("log_work" not in actions for actions in resolved)


@pytest.mark.parametrize("end", first_of(ENDS, 1), ids=str)
def test_whenever_it_is_made_no_month_is_half_and_last_year_is_there(end: datetime) -> None:
    begin = begin_of_history(end)
    assert (begin.day, begin.hour, begin.minute) == (1, 0, 0)
    assert (end.year * 12 + end.month) - (begin.year * 12 + begin.month) == MONTHS
    arrivals = list(incident_arrivals(end))
    first_days = [arrival.arrived_at.day for arrival in arrivals if arrival.months_ago == MONTHS]
    assert min(first_days) <= 7
    assert max(first_days) >= 22
    months = Counter(arrival.months_ago for arrival in arrivals)
    assert all(months[ago] >= 10 for ago in range(1, MONTHS + 1))
    # The last finished month and last year's: both sites are served in either.
    assert MONTHS_OF_BOTH_SITES == 13
    assert 0.7 < months[1] / months[13] < 1.4


@pytest.mark.parametrize("end", first_of(ENDS, 1), ids=str)
def test_whenever_it_is_made_targets_are_missed_for_reasons_that_can_be_found(end: datetime) -> None:
    incidents = _incidents(end)
    by_month: dict[int, list[IncidentScenario]] = {}
    for incident in incidents:
        by_month.setdefault(incident.opening.months_ago, []).append(incident)

    last_month = by_month[1]
    assert mean(_scores(last_month, end)) < 4.0
    contented = [incident for incident in last_month if incident.requester.place != ANGRY_PLACE]
    assert mean(_scores(contented, end)) > 4.0, "but for the plant"
    assert _without_work(last_month) > 0.05
    careful = [incident for incident in last_month if incident.template.team != FORGETFUL_TEAM]
    assert _without_work(careful) < 0.05, "but for one team"
    month_before = by_month[2]
    assert mean(_scores(month_before, end)) > 4.0
    assert _without_work(month_before) < 0.05


@in_test_all
@pytest.mark.parametrize("moment", first_of(["the end of a month", "a Saturday night"], 1))
async def test_whenever_it_is_made_every_team_has_work_and_little_is_late(
    ledger: Ledger, moment: str
) -> None:
    now = datetime.now(UTC)
    evening = now.replace(hour=20, minute=17, second=0, microsecond=0)
    ends = {
        "a Saturday night": evening - timedelta(days=(now.weekday() - 5) % 7 or 7),
        "the end of a month": now.replace(day=1, hour=0, minute=0) - timedelta(minutes=3),
    }
    end = ends[moment]
    await make_history(ledger, lambda done, total: None, days=SHORT, end=end)
    async with await connect(ledger.db.url, FOLLOW_LIMITS) as connection:
        await catch_up(connection, FACTS)
    await its_last_day_is_ordinary(ledger, end)


async def its_last_day_is_ordinary(ledger: Ledger, end: datetime) -> None:
    """Something of everything, and each team has some."""
    cases = await ledger.db.rows(OPEN, ())
    states = Counter(case["state"] for case in cases)
    assert states["new"] >= 2
    assert states["acknowledged"] >= 2
    assert states["in_progress"] >= 5
    assert 3 <= states["on_hold"] <= len(cases) / 2
    teams = Counter(case["team"] for case in cases if case["team"])
    assert all(teams[key] >= 2 for key, *_ in TEAMS), teams
    due = [case["due_at"] - end for case in cases if case["due_at"] is not None]
    late = sum(time <= timedelta() for time in due) + await ledger.db.value(LATE_REQUESTS, (end,))
    assert 1 <= late <= 5
    assert sum(timedelta() < time < timedelta(hours=4) for time in due) >= 3
    assert max(-time for time in due) < timedelta(days=1), "nothing is forgotten"
