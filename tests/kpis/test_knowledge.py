"""Knowledge and agreements: visits, uses and services told by hand, with their figures worked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.cases.drill_down import cases
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.events import stream
from app.log.follow import catch_up
from app.log.ids import uuid7
from app.platform.db import Connection, Database
from tests.extent import WHOLE, in_test_all
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, Scripted, write
from tests.kpis.knowledge_histories import AUTHORS, Teller, write_knowledge

NOW = datetime(2026, 6, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
VISITOR = "person:11"


def _question(key: str, grain: str = "all", by: tuple[str, ...] = ()) -> KpiQuestion:
    parameters = QuestionParameters(grain=grain, begin="2026-01-01", end="2026-06-01", by=by)
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC")


async def _points(db: Database, key: str, grain: str = "all", by: tuple[str, ...] = ()) -> list[KpiPoint]:
    question = _question(key, grain, by)
    kpi_answer = await answer(db, question, NOW)
    if WHOLE:
        assert kpi_answer.points == (await answer(db, question, NOW, position=kpi_answer.position)).points
    return kpi_answer.points


class Desk:
    """Two articles, and visits of a portal to them."""

    def __init__(self) -> None:
        self.teller = Teller(())
        self.articles = [stream("article", uuid7()) for _ in AUTHORS]
        for name, author in zip(self.articles, AUTHORS, strict=True):
            self.teller.tell(name, "drafted", BEGIN, author_id=author, state="draft")
            self.teller.tell(name, "published", BEGIN + HOUR, state="published")

    def visit(
        self, session: str, *visit_steps: tuple[str, float], visitor: str = VISITOR, article: int = 0
    ) -> None:
        """What a portal told, each so many hours after BEGIN: `shown`, `viewed`, `helped`, `did_not_help`."""
        for event_type, hours in visit_steps:
            rated = {"helped": event_type == "helped"} if "help" in event_type else {}
            self.teller.tell(
                self.articles[article],
                "rated" if rated else event_type,
                BEGIN + hours * HOUR,
                actor=visitor,
                given={"session": session} | rated,
            )


async def _counted(db: Database, key: str) -> tuple[int | None, int | None]:
    (point,) = await _points(db, key)
    return point.numerator, point.denominator


async def test_a_visit_spared_a_ticket_at_most_or_at_least(follower: Connection, db: Database) -> None:
    desk = Desk()
    looked = (("shown", 10), ("viewed", 10.1))
    desk.visit("helped", *looked, ("helped", 10.2), visitor="person:12")
    desk.visit("left", *looked, visitor="person:13")
    desk.visit("no use", *looked, ("did_not_help", 10.2), visitor="person:14")
    desk.visit("changed their mind", *looked, ("did_not_help", 10.2), ("helped", 10.3), visitor="person:15")
    desk.visit("not opened", ("shown", 10), ("helped", 10.2), visitor="person:16")
    desk.visit("by somebody", *looked, ("helped", 10.2), visitor="integration:5")
    desk.visit("then a ticket", *looked, ("helped", 10.2))
    desk.visit("a day before", ("shown", 9.5), ("viewed", 10.1), ("helped", 10.2), visitor="person:17")
    desk.visit("no suggestion", ("viewed", 10), ("helped", 11), visitor="person:18")
    await write_knowledge(follower, desk.teller.events)
    incident = Scripted.begin(BEGIN + 33.9 * HOUR, requester_id="11")
    late = Scripted.begin(BEGIN + 33.5 * HOUR, requester_id="17")
    await write(follower, [*incident.events, *late.events])
    await catch_up(follower, FACTS)
    assert await _counted(db, "knowledge_deflection") == (5, 8)  # with who left, and who is not known
    assert await _counted(db, "knowledge_deflection_confirmed") == (3, 8)
    (point,) = await _points(db, "knowledge_deflection", grain="year")
    assert point.final_after == datetime(2026, 6, 2, tzinfo=UTC)
    listed = (await cases(db, _question("knowledge_deflection"), NOW)).cases
    assert {str(case.id) for case in listed} == {desk.articles[0].partition("/")[2]}
    with_ticket = [case for case in listed if case.events[-1].type == "incident.reported"]
    (case,) = with_ticket
    assert case.measure == 0
    assert [event.type for event in case.events[:-1]] == ["article.shown", "article.viewed", "article.rated"]


@in_test_all
async def test_a_ticket_is_seen_though_the_visit_was_told_of_later(
    follower: Connection, db: Database
) -> None:
    incident = Scripted.begin(BEGIN + 11 * HOUR, requester_id="11")
    await write(follower, list(incident.events))
    await catch_up(follower, FACTS)
    desk = Desk()
    desk.visit("late", ("shown", 10), ("viewed", 10.5))
    desk.visit("late", ("shown", 10.2), visitor="integration:5", article=1)
    await write_knowledge(follower, desk.teller.events)
    await catch_up(follower, FACTS)
    assert await _counted(db, "knowledge_deflection") == (0, 1)


@in_test_all
async def test_an_article_shares_what_others_use(follower: Connection, db: Database) -> None:
    desk = Desk()
    for article, doer in ((0, AUTHORS[0]), (0, AUTHORS[1]), (0, AUTHORS[1]), (1, AUTHORS[0])):
        instant = BEGIN + timedelta(days=3)
        desk.teller.tell(
            desk.articles[article], "used", instant, actor=f"person:{doer}", child=f"article_use/{uuid7()}"
        )
    await write_knowledge(follower, desk.teller.events)
    await catch_up(follower, FACTS)
    used = {
        point.by["owner"]: point.value for point in await _points(db, "knowledge_shared_uses", by=("owner",))
    }
    assert used == {AUTHORS[0]: 2, AUTHORS[1]: 1}
    (point,) = await _points(db, "knowledge_shared")
    assert (point.value, point.beside["knowledge_shared_uses"].value) == (2, 3)


@in_test_all
async def test_an_article_helps_with_a_case_before_its_end_or_later(
    follower: Connection, db: Database
) -> None:
    before = Scripted.begin(BEGIN).then("article_used", minutes=5).then("resolved", minutes=5)
    after = Scripted.begin(BEGIN).then("resolved", minutes=5).then("article_used", minutes=5)
    without = Scripted.begin(BEGIN, category="access").then("resolved", minutes=5)
    open_ = Scripted.begin(BEGIN).then("article_used", minutes=5)
    incident = (
        Scripted.begin(BEGIN)
        .then("article_used", minutes=5)
        .then("resolved", minutes=1)
        .then("reopened", minutes=1)
    )
    await write(
        follower, [event for case in (before, after, without, open_, incident) for event in case.events]
    )
    await catch_up(follower, FACTS)
    assert await _counted(db, "knowledge_use") == (2, 3)
    by_category = await _points(db, "knowledge_use", by=("category",))
    assert {point.by["category"]: point.value for point in by_category} == {None: 1, "access": 0}
    listed = (await cases(db, _question("knowledge_use"), NOW)).cases
    types_by_case = {case.id: [event.type for event in case.events] for case in listed}
    assert types_by_case[after.id] == ["incident.reported", "incident.resolved", "incident.article_used"]


@in_test_all
async def test_a_service_is_under_an_agreement_while_one_is_in_force(
    follower: Connection, db: Database
) -> None:
    hours = Hours(follower)
    customer = str(UUID(int=1))
    spring = (datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC))
    for key in ("mail", "erp", "wiki"):
        await hours.service(key, None)
    await hours.retire("wiki", datetime(2026, 3, 15, tzinfo=UTC))
    await hours.sla("SLA-2026-001", *spring, services=["mail"])
    await hours.sla(
        "SLA-2026-002",
        datetime(2026, 5, 10, tzinfo=UTC),
        None,
        services=["mail", "erp"],
        customer_id=customer,
    )
    await hours.sla("SLA-2026-003", BEGIN, None, services=None, catalogue_items=["laptop"])
    await hours.sla("SLA-2026-004", BEGIN, None, services=None, customer_id=customer)
    await hours.sla("SLA-2026-005", spring[0], None, services=["erp"], agreement_type="OLA")
    await hours.sla("SLA-2026-006", spring[0], None, services=["erp"], signed_at=None)
    items = {"customer_id": customer, "catalogue_items": ["laptop"]}
    await hours.sla("SLA-2026-007", BEGIN, None, services=["erp"], **items)
    await catch_up(follower, FACTS)
    points = await _points(db, "services_under_agreement", grain="month")
    assert [(point.numerator, point.denominator) for point in points] == [
        (0, 3),
        (1, 3),
        (1, 2),
        (0, 2),
        (2, 2),
    ]
    listed = (await cases(db, _question("services_under_agreement"), NOW)).cases
    assert {(case.number, case.measure) for case in listed} == {("mail", 1), ("erp", 1)}


@pytest.fixture(autouse=True)
async def reconciled(follower: Connection, database_url: str, request: pytest.FixtureRequest) -> Any:
    """After each test of `make test-all` both paths agree on its events."""
    yield
    if not WHOLE:
        return
    keys = [key for key in KPIS if key.startswith(("knowledge_", "services_under"))]
    report = await reconcile(database_url, zone=ZoneInfo("UTC"), now=NOW, keys=keys)
    assert report.differences == []
