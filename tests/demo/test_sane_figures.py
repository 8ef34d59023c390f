"""No figure of the demo looks broken to somebody who sees it for the first time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.question import QuestionParameters, parse_question
from tests.demo.making import DEMO_DAYS
from tests.extent import in_test_all

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True)
class Bounds:
    """What a figure may be in a month, and why."""

    least: float
    most: float
    why: str


#: Of every KPI of that unit that has no bounds of its own.
USUAL = {
    Unit.ratio: Bounds(0, 1, "a share"),
    Unit.seconds: Bounds(0, 30 * DAY, "what takes longer than a month is a project, or forgotten"),
    Unit.cases: Bounds(0, 400, "a desk of six people"),
    Unit.number: Bounds(0, 40, "few of anything for each case or person"),
    Unit.score: Bounds(2.5, 5, "some are angry; not all"),
}
BOUNDS = {
    "late_recording_seconds": Bounds(0, 2 * HOUR, "who records days late has figures that nobody can trust"),
    "late_recording_share": Bounds(0, 0.05, "the same"),
    "incident_unknown_keys_share": Bounds(0, 0.05, "tools and people name what is in the catalogue"),
    "request_unknown_keys_share": Bounds(0, 0.05, "the same"),
    "sla_breaches_withdrawn": Bounds(0, 3, "a breach that is withdrawn is an exception"),
    "agreement_reviews_overdue": Bounds(0, 0.25, "both parties meet each year"),
    "reassignments": Bounds(0, 200, "of some two hundred cases"),
    "backlog": Bounds(0, 40, "as many as a team of sixteen can have in mind"),
    "backlog_age_seconds": Bounds(0, 10 * DAY, "nothing is forgotten"),
    "request_at_once_share": Bounds(0.02, 0.6, "some need no hands, most do"),
    "requests_per_agent_day": Bounds(0.5, 4, "people of projects and changes, who have cases besides"),
    "sla_attainment": Bounds(0.9, 1, "what is promised is nearly always kept"),
    "incident_resolution_seconds": Bounds(HOUR / 10, 5 * HOUR, "minutes to hours of working time"),
    "incident_response_seconds": Bounds(30, HOUR / 2, "minutes"),
    "incident_unit_cost": Bounds(2_000, 40_000, "hundredths of the currency: 20 to 400"),
    "incident_unit_cost_of_budget": Bounds(0.2, 4, "above 1 it is more than was allowed for"),
    "service_availability": Bounds(0.995, 1, "hours of outage in a month, not days"),
    "availability_budget_used": Bounds(0, 3, "above 1 it is used up"),
    "mtbf": Bounds(DAY, 1_000 * DAY, "over all services, of which few fail in a month"),
    "project_lead_seconds": Bounds(20 * DAY, 200 * DAY, "projects take months"),
    "request_lead_seconds": Bounds(HOUR, 60 * DAY, "a month with a project in it has a high mean"),
    "problem_backlog_age": Bounds(0, 120 * DAY, "problems wait for changes"),
    "problem_fix_seconds": Bounds(0, 120 * DAY, "the same"),
    "idea_to_standard_seconds": Bounds(0, 200 * DAY, "from an idea to a standard takes a quarter"),
    "idea_to_standard_ended_seconds": Bounds(0, 200 * DAY, "the same"),
    "complaints_yoy": Bounds(-1, 5, "few complaints move it far"),
    "suggestions_per_100_staff": Bounds(0, 60, "everybody was asked once"),
    "complaints_per_thousand": Bounds(0, 120, "few cases make a complaint"),
}
#: What is 0 in every month, and why that is no fault of the demo.
ALWAYS_ZERO = {
    "irregular_share": "no history is irregular",
    "late_recording_share": "nothing is recorded late",
    "incident_unknown_keys_share": "the catalogue is there before its first case",
    "request_unknown_keys_share": "the same",
    "sla_breaches_withdrawn": "no breach was said wrongly",
    "agreement_reviews_overdue": "all reviews were held",
    "majors_downgraded": "each major incident was one",
    "requirement_changes_per_request": "who wants something else later asks anew",
    "benefits_sustained": "of one benefit the months are over, and it has faded",
}


@in_test_all
async def test_every_figure_of_every_month_is_one_that_somebody_would_believe(demo_ledger: Ledger) -> None:
    now = datetime.now(UTC)
    begin = (now - timedelta(days=DEMO_DAYS)).replace(day=28) + timedelta(days=4)
    first_month = begin.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    strange, always_zero = [], []
    for key, kpi in KPIS.items():
        question = parse_question(
            kpi,
            QuestionParameters(grain="month", begin=first_month.date().isoformat()),
            now=now,
            organisation_zone="UTC",
        )
        points = (await answer(demo_ledger.db, question, now)).points
        values = [point.value for point in points if point.value is not None]
        bounds = BOUNDS.get(key) or USUAL.get(kpi.unit)
        assert bounds is not None, f"{key} has no bounds"
        strange += [(key, value, bounds) for value in values if not bounds.least <= value <= bounds.most]
        if len(values) > 2 and not any(values) and key not in ALWAYS_ZERO:
            always_zero.append(key)
    assert strange == []
    assert always_zero == [], "always 0 looks as if nobody had counted"
