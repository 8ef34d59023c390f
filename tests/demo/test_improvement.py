"""The improvement programme of the demo: what a newcomer looks for, with effects that its incidents show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.demo.data import waiting_improvement_data
from app.demo.data.improvement_data import (
    FADED,
    FINISHED,
    IMPROVEMENTS,
    PILOTED,
    PROPOSED,
    REVERTED,
    ROLLED_OUT,
)
from app.demo.data.waiting_improvement_data import CHARTERED, CLASSED, JUDGED, PLANNED
from app.demo.languages import in_language
from app.kernel.ledger import Ledger
from app.processes.improvements.lifecycle import LIFECYCLE
from tests.automation.worker import Worker
from tests.demo.making import make_demo
from tests.extent import in_test_all

MEASURED = """
select i.title, i.state, m.occasion, m.pilot_round, m.verdict, m.promise, m.kept
from fold.improvement_measurement m join fold.improvement i on m.record = 'improvement/' || i.id"""
FADED_SUGGESTIONS = "select * from fold.improvement_suggestion where cause = 'faded_benefit'"
NAME_BY_TITLE = {
    in_language(template.title, language): template.name
    for template in (*IMPROVEMENTS, *waiting_improvement_data.IMPROVEMENTS)
    for language in ("zh", "en")
}
THIS_YEARS_REVIEW = """
select r.progress from fold.improvement_plan_review r
join fold.improvement_plan p on r.record = 'improvement_plan/' || p.id order by p.year desc limit 1"""
STEPS = "select step, completed_at is not null as is_complete from fold.rollout_step order by place"


async def _improvements(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """The improvements by the names of their templates; that of the assessment has none."""
    rows = await ledger.db.rows(f"select * from {LIFECYCLE.source} r", ())
    return {NAME_BY_TITLE.get(row["title"], ""): row for row in rows}


async def test_it_has_improvements_at_every_point_of_their_way(demo_to_read: Ledger) -> None:
    improvements = await _improvements(demo_to_read)
    assert {name: row["state"] for name, row in improvements.items()} == {
        FINISHED: "standardised",
        FADED: "standardised",
        REVERTED: "reverted",
        PILOTED: "piloting",
        ROLLED_OUT: "rolling_out",
        PROPOSED: "in_review",
        CLASSED: "approved",
        CHARTERED: "approved",
        PLANNED: "planned",
        JUDGED: "pilot_reported",
        "": "selected",
    }
    piloted = improvements[PILOTED]
    assert (piloted["pilot_rounds"], piloted["last_judgement"]) == (2, "extended")
    assert piloted["pilot_begins_at"] < datetime.now(UTC) < piloted["pilot_ends_at"] - timedelta(days=30)
    assert piloted["pilot_control"], "it is compared with other teams"
    done = {row["step"]: row["is_complete"] for row in await demo_to_read.db.rows(STEPS, ())}
    assert len(done) == 9
    assert [step for step, complete in done.items() if not complete] == [
        "cut_over",
        "manage_daily",
        "optimise",
        "fix",
    ]


@in_test_all
async def test_the_effects_of_its_improvements_are_measured(demo_ledger: Ledger) -> None:
    improvements = await _improvements(demo_ledger)
    measured = await demo_ledger.db.rows(MEASURED, ())
    verdicts = {
        (NAME_BY_TITLE[measurement["title"]], measurement["occasion"]): measurement["verdict"]
        for measurement in measured
    }
    assert verdicts[FINISHED, "evaluation"] == "improved"
    assert verdicts[FADED, "evaluation"] == "improved"
    assert verdicts[REVERTED, "evaluation"] == "no_evidence"
    assert verdicts[PILOTED, "pilot"] == "no_evidence"
    assert verdicts[ROLLED_OUT, "pilot"] == "improved"
    assert improvements[ROLLED_OUT]["against_evidence"] is False
    [review] = await demo_ledger.db.rows(THIS_YEARS_REVIEW, ())
    met = {target["name"]: target["met"] for target in review["progress"]}
    assert met == {"restore-faster": False, "reopened-less": False, "well-rated": True}
    assert [
        NAME_BY_TITLE[measurement["title"]] for measurement in measured if measurement["kept"] is False
    ] == [FADED]
    assert improvements[FADED]["faded_at"] is not None
    await _its_rules_are_alive(demo_ledger)


async def _its_rules_are_alive(ledger: Ledger) -> None:
    """The benefit that has faded is suggested by the rule, and nothing is overdue at the start."""
    assert await ledger.db.rows(FADED_SUGGESTIONS, ()) == []
    await Worker(ledger).work(datetime.now(UTC))
    (suggested,) = await ledger.db.rows(FADED_SUGGESTIONS, ())
    assert (suggested["state"], suggested["author_id"]) == ("offered", None)
    overdue = "select count(*) from fold.rollout_step where overdue_at is not null"
    assert await ledger.db.value(overdue, ()) == 0
    plans = await ledger.db.rows("select * from fold.improvement_plan", ())
    assert len(plans) == 3
    assert {(plan["review_overdue_at"], plan["assessment_overdue_at"]) for plan in plans} == {(None, None)}


async def test_started_again_it_adds_nothing(demo_ledger: Ledger) -> None:
    number = await demo_ledger.db.value("select count(*) from log.event", ())
    await make_demo(demo_ledger)
    assert await demo_ledger.db.value("select count(*) from log.event", ()) == number
