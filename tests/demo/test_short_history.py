"""A demo of a few days, whose making is broken off and taken up again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.automation.agreements import watch_clocks
from app.demo.history import make_history
from app.kernel.ledger import Ledger, open_ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import PROCESSES
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import Server, fresh
from tests.demo.making import make_demo
from tests.extent import ALL_EXAMPLES, in_test_all
from tests.heads import differing_heads
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to

#: So few that no effect can be shown.
DAYS = 9
USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
#: What the demo tells of most; the soak compares all.
KEYS = (
    ()
    if ALL_EXAMPLES
    else ("incident_resolution_seconds", "backlog", "request_lead_seconds", "problem_backlog")
)
HOW = """
select type, source, actor not like 'person:%%' as by_itself from log.event
where stream like 'incident/%%'"""


@dataclass(frozen=True)
class ShortHistory:
    """What was made in two parts: its persons, what was told of the second, and how many events had been made
    when the first was broken off, and in the end.
    """

    ledger: Ledger
    url: str
    ids: dict[str, UUID]
    heard: list[tuple[int, int]]
    half: int
    total: int


@pytest.fixture(scope="module")
async def short(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ShortHistory]:
    """The history of a few days, made by one process until it is broken off, and by another to the end."""
    secrets = tmp_path_factory.mktemp("secrets")
    with fresh(server) as place:
        async with open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, USUAL) as first:

            def break_off(done: int, total: int) -> None:
                if done == total // 2:
                    making.cancel()

            making = asyncio.create_task(make_history(first, break_off, days=DAYS))
            with pytest.raises(asyncio.CancelledError):
                await making
        async with open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, USUAL) as ledger:
            half = await _made(ledger)
            heard: list[tuple[int, int]] = []
            ids = await make_history(ledger, lambda *news: heard.append(news), days=DAYS)
            yield ShortHistory(ledger, place.url, ids, heard, half, await _made(ledger))


async def _made(ledger: Ledger) -> int:
    number: int = await ledger.db.value("select count(*) from log.event where source like %s", ("%demo",))
    return number


@in_test_all
async def test_it_is_made_once_whatever_breaks_it_off(short: ShortHistory) -> None:
    assert 0 < short.half < short.total
    assert short.heard[-1][0] == short.heard[-1][1] == len(short.heard)
    assert await make_history(short.ledger, lambda done, total: None, days=DAYS) == short.ids
    assert await _made(short.ledger) == short.total

    events = await short.ledger.db.rows(HOW, ())
    types = Counter(event["type"].partition(".")[2] for event in events)
    assert types["reported"] >= 20
    assert {"acknowledged", "assigned", "started", "resolved", "work_logged", "commented"} <= types.keys()
    sources = Counter(event["source"] for event in events)
    assert sources["demo"] >= 2, "rules and notices take up what has just come in"
    assert sources["import:demo"] > 100 > sources["demo"], "what is older is not recorded late"

    async with await connect(short.url, FOLLOW_LIMITS) as connection:
        await catch_up(connection, FACTS)
        assert await differing_heads(connection) == [], "a head says who may see its record"
        await its_clocks_say_what_they_ought_to(connection, short.ledger)
    report = await reconcile(short.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=KEYS)
    assert report.differences == []
    assert report.compared > (1_000 if ALL_EXAMPLES else 100)
    now = datetime.now(UTC)
    question = parse_question(
        KPIS["incident_unit_cost_of_budget"],
        QuestionParameters(grain="all"),
        now=now,
        organisation_zone="UTC",
    )
    (cost,) = (await answer(short.ledger.db, question, now)).points
    assert cost.cases > 10, "the demo says what an incident may cost"
    # Nothing is equal only because there is nothing. Which problems have incidents depends on the days.
    tables = [table.name for kind in ("request", "problem") for table in PROCESSES[kind]]
    tables.remove("problem_incident")
    empty = [
        name for name in tables if await short.ledger.db.row(f"select from kpi.{name} limit 1", ()) is None
    ]
    assert empty == []


async def its_clocks_say_what_they_ought_to(connection: Connection, ledger: Ledger) -> None:
    """Once a worker has looked at them."""

    def failed(name: str, error: Exception) -> None:
        raise error

    now = datetime.now(UTC)
    while await watch_clocks.fire_due(connection, ledger, now, failed=failed):
        await catch_up(connection, FACTS)
    assert await rows_are_what_the_engine_says(connection) > 20
    assert await streams_say_what_they_ought_to(connection, ledger, now) >= 2  # of what is live


@in_test_all
async def test_a_short_history_has_the_same_programme_though_nothing_is_shown(
    short: ShortHistory,
) -> None:
    ledger = short.ledger
    await make_demo(ledger, DAYS)
    number = await ledger.db.value("select count(*) from log.event", ())
    await make_demo(ledger, DAYS)
    assert await ledger.db.value("select count(*) from log.event", ()) == number, "it is made once"
    states = Counter(row["state"] for row in await ledger.db.rows("select state from fold.improvement", ()))
    assert states == {"standardised": 2, "reverted": 1, "piloting": 1, "rolling_out": 1, "selected": 1}
    (plan,) = await ledger.db.rows("select * from fold.improvement_plan", ())
    assert plan["state"] == "running"
    assert await ledger.db.value("select count(*) from fold.improvement_plan_target", ()) == 3
    [progress] = [
        row["progress"] for row in await ledger.db.rows("select progress from fold.improvement_plan_review")
    ]
    served = {target["name"]: len(target["improvements"]) for target in progress}
    assert served["restore-faster"] == 3, "what its improvements have added"

    suggestions = await ledger.db.rows("select state from fold.improvement_suggestion", ())
    assert Counter(suggestion["state"] for suggestion in suggestions) == {
        "selected": 6,
        "declined": 1,
        "deferred": 1,
        "merged": 1,
        "offered": 3,
    }
    months = await ledger.db.rows("select state, month from fold.improvement_assessment order by month", ())
    assert [assessment["state"] for assessment in months] == ["concluded", "open"]
    assert await ledger.db.value("select count(*) from fold.suggestion_score", ()) == 11
    trainings = await ledger.db.rows("select kind, state from fold.training", ())
    assert Counter((training["kind"], training["state"]) for training in trainings) == {
        ("key_user", "held"): 2,
        ("executor", "licensed"): 2,
    }
    licences = "select count(*) from fold.licence where until_at > now() and revoked_at is null"
    assert await ledger.db.value(licences, ()) == 6
