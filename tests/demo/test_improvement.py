"""The improvement programme of the demo: what a newcomer looks for, with effects that its incidents show."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.db import Connection, connect
from app.demo.history import make_history
from app.demo.improvement_data import FADED, FINISHED, IMPROVEMENTS, PILOTED, REVERTED, ROLLED_OUT
from app.demo.improvement_scripts import make_improvements
from app.kernel.ledger import Ledger
from app.kpis.facts import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from tests.automation.worker import Worker
from tests.conftest import DatabaseUrls

#: Enough for the baseline of the first improvement; and so few that nothing can be shown.
DAYS, FEW_DAYS = 250, 9
MEASURED = """
select i.title, i.state, m.occasion, m.pilot_round, m.verdict, m.promise, m.kept
from fold.improvement_measurement m join fold.improvement i on m.record = 'improvement/' || i.id"""
FADED_SUGGESTIONS = "select * from fold.improvement_suggestion where cause = 'faded_benefit'"
STEPS = "select step, completed_at is not null as is_complete from fold.rollout_step order by place"


@pytest.fixture
async def follower(place: DatabaseUrls) -> AsyncIterator[Connection]:
    connection = await connect(place.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def _made(ledger: Ledger, follower: Connection, days: int) -> int:
    """The demo of the last days with its improvements, made twice over; the number of its events."""

    async def follow() -> None:
        await catch_up(follower, FACTS)

    persons = await make_history(ledger, lambda done, of: None, days=days)
    await follow()
    await make_improvements(ledger, persons, follow)
    number: int = await ledger.db.value("select count(*) from log.event", ())
    await make_improvements(ledger, persons, follow)
    assert await ledger.db.value("select count(*) from log.event", ()) == number, "it is made once"
    return number


async def test_it_has_improvements_at_every_point_of_their_way_and_their_effects_are_measured(
    ledger: Ledger, follower: Connection
) -> None:
    await _made(ledger, follower, DAYS)
    of = {one.title: one.name for one in IMPROVEMENTS}
    rows = await ledger.db.rows("select * from fold.improvement", ())
    improvements = {of[row["title"]]: row for row in rows if row["title"] in of}
    assert {name: row["state"] for name, row in improvements.items()} == {
        FINISHED: "standardised",
        FADED: "standardised",
        REVERTED: "reverted",
        PILOTED: "piloting",
        ROLLED_OUT: "rolling_out",
    }
    assert [row["state"] for row in rows if row["title"] not in of] == ["selected"], "the assessment's"

    measured = await ledger.db.rows(MEASURED, ())
    verdicts = {(of[one["title"]], one["occasion"]): one["verdict"] for one in measured}
    assert verdicts[FINISHED, "evaluation"] == "improved"
    assert verdicts[FADED, "evaluation"] == "improved"
    assert verdicts[REVERTED, "evaluation"] == "no_evidence"
    assert {verdicts[PILOTED, "pilot"], verdicts[ROLLED_OUT, "pilot"]} <= {"improved", "no_evidence"}
    assert [of[one["title"]] for one in measured if one["kept"] is False] == [FADED]
    assert improvements[FADED]["faded_at"] is not None

    piloted = improvements[PILOTED]
    assert (piloted["pilot_rounds"], piloted["last_judgement"]) == (2, "extended")
    assert piloted["pilot_begins_at"] < datetime.now(UTC) < piloted["pilot_ends_at"] - timedelta(days=30)
    assert piloted["pilot_control"], "it is compared with other teams"
    done = {row["step"]: row["is_complete"] for row in await ledger.db.rows(STEPS, ())}
    assert len(done) == 9
    assert [step for step, complete in done.items() if not complete] == [
        "cut_over",
        "manage_daily",
        "optimise",
        "fix",
    ]
    await _its_rules_are_alive(ledger)


async def _its_rules_are_alive(ledger: Ledger) -> None:
    """The benefit that has faded is suggested by the rule, and nothing is overdue at the start."""
    assert await ledger.db.rows(FADED_SUGGESTIONS, ()) == []
    await Worker(ledger).work(datetime.now(UTC))
    (suggested,) = await ledger.db.rows(FADED_SUGGESTIONS, ())
    assert (suggested["state"], suggested["author_id"]) == ("offered", None)
    overdue = "select count(*) from fold.rollout_step where overdue_at is not null"
    assert await ledger.db.value(overdue, ()) == 0
    plan = await ledger.db.row("select * from fold.improvement_plan", ())
    assert plan is not None
    assert (plan["review_overdue_at"], plan["assessment_overdue_at"]) == (None, None)


async def test_a_short_history_has_the_same_programme_though_nothing_is_shown(
    ledger: Ledger, follower: Connection
) -> None:
    await _made(ledger, follower, FEW_DAYS)
    states = Counter(row["state"] for row in await ledger.db.rows("select state from fold.improvement", ()))
    assert states == {"standardised": 2, "reverted": 1, "piloting": 1, "rolling_out": 1, "selected": 1}
    (plan,) = await ledger.db.rows("select * from fold.improvement_plan", ())
    assert plan["state"] == "running"
    assert await ledger.db.value("select count(*) from fold.improvement_plan_target", ()) == 3
    [progress] = [
        row["progress"] for row in await ledger.db.rows("select progress from fold.improvement_plan_review")
    ]
    served = {one["name"]: len(one["improvements"]) for one in progress}
    assert served["restore-faster"] == 3, "what its improvements have added"

    suggestions = await ledger.db.rows("select state from fold.improvement_suggestion", ())
    assert Counter(one["state"] for one in suggestions) == {
        "selected": 6,
        "declined": 1,
        "deferred": 1,
        "merged": 1,
        "offered": 3,
    }
    months = await ledger.db.rows("select state, month from fold.improvement_assessment order by month", ())
    assert [one["state"] for one in months] == ["concluded", "open"]
    assert await ledger.db.value("select count(*) from fold.suggestion_score", ()) == 11
    trainings = await ledger.db.rows("select kind, state from fold.training", ())
    assert Counter((one["kind"], one["state"]) for one in trainings) == {
        ("key_user", "held"): 2,
        ("executor", "licensed"): 2,
    }
    licences = "select count(*) from fold.licence where until_at > now() and revoked_at is null"
    assert await ledger.db.value(licences, ()) == 6
