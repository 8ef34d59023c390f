"""What is stored with facts is what it is about; and of rows that have none of it, it is looked up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.facts import fetching
from app.kpis.facts.fetching import split
from app.kpis.facts.query import fact_table
from app.kpis.questions.question import KpiQuestion, QuestionParameters, parse_question
from app.platform.db import Database, fetch_tuples
from tests.cases import each_case
from tests.extent import in_test_all
from tests.kpis.conftest import Books
from tests.kpis.kinds import aggregate_of

NOW = datetime(2026, 9, 1, tzinfo=UTC)
OTHER_OPENINGS = """
select clock.id from sla.clock join kpi.clock_first opened using (case_id)
where (knows_opening, opened_at, opened_priority, opened_team_id, opened_service, opened_channel,
    opened_category, opened_assignee_id, opened_customer_id, clock.irregular, clock.opened_position)
  is distinct from (true, opened.at, opened.priority, opened.team_id, opened.service, opened.channel,
    opened.category, opened.assignee_id, opened.customer_id, opened.irregular, opened.opened_position)"""
OTHER_CAUSES = """
select clock.id, clock.breach_cause from sla.clock
where agreement_type = 'SLA' and breach_cause is distinct from (
  select cause from kpi.breach_cause said
  where said.case_id = clock.case_id
    and (said.agreement_type is null or (said.agreement_type = 'SLA' and said.metric = clock.metric))
  order by cause = 'unknown', said.agreement_type is null, said.id limit 1)"""
#: How many clocks there are, of how many kinds of cases, and with how many causes.
CLOCKS = "select count(*), count(distinct kind), count(distinct breach_cause) from sla.clock"
OTHER_FIRSTS = """
select d.case_id, brought from kpi.deployment_brought d
left join kpi.change_handed handed on handed.case_id = change_id
where (first, handed_at) is distinct from (not exists (
    select from kpi.deployment_brought earlier
    where earlier.brought = d.brought and row(earlier.at, earlier.case_id) < row(d.at, d.case_id)
  ), handed.at)"""
FIRSTS = "select count(*), count(*) filter (where first) from kpi.deployment_brought"
#: What an older program writes.
FORGET = """
update kpi.incident_opened set recorded_seconds = null;
update kpi.incident_resolved set recorded_seconds = null, article_used = null;
update kpi.request_delivered set article_used = null;
update kpi.deployment_brought set first = null, handed_at = null;
update sla.clock set knows_opening = null, opened_priority = null, opened_team_id = null,
  opened_service = null, opened_channel = null, opened_category = null, opened_assignee_id = null,
  opened_customer_id = null,
  breach_cause = null"""
#: The KPIs whose facts have stored columns.
STORED = (
    *("late_recording_seconds", "late_recording_share", "sla_attainment", "sla_attainment_opened"),
    *("sla_breaches_by_cause", "knowledge_use", "lead_time_for_changes"),
)
VIEWS = "select relname from pg_class where relnamespace = 'kpi'::regnamespace and relkind = 'v'"


def _asked(key: str, *by: str) -> KpiQuestion:
    parameters = QuestionParameters(by=by, begin="2025-12-01", end="2026-09-01", grain="month")
    return parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC")


async def _answers(db: Database, keys: tuple[str, ...]) -> dict[Any, KpiAnswer]:
    """The answers without a cut, and by every dimension."""
    return {
        (key, *by): await answer(db, _asked(key, *by), NOW)
        for key in keys
        for by in ((), *((dimension.value,) for dimension in KPIS[key].dimensions))
    }


async def test_a_clock_knows_the_opening_of_its_case_and_the_cause_of_its_breach(books: Books) -> None:
    ((clocks, kinds, causes),) = await fetch_tuples(books.connection, CLOCKS, {})
    assert (clocks > 100, kinds > 1, causes > 1) == (True, True, True)
    assert await fetch_tuples(books.connection, OTHER_OPENINGS, {}) == []
    assert await fetch_tuples(books.connection, OTHER_CAUSES, {}) == []


async def test_a_deployment_knows_what_it_brought_first(books: Books) -> None:
    ((brought, firsts),) = await fetch_tuples(books.connection, FIRSTS, {})
    assert brought > firsts > 1
    assert await fetch_tuples(books.connection, OTHER_FIRSTS, {}) == []


@in_test_all
async def test_rows_of_an_older_program_are_counted_as_those_of_this_one(own_books: Books) -> None:
    stored = await _answers(own_books.db, STORED)
    with psycopg.connect(own_books.administrator_url) as older:
        older.execute(FORGET)
    assert await _answers(own_books.db, STORED) == stored


@each_case(
    "key",
    [key for key, kpi in KPIS.items() if kpi.fact is not None and not kpi.is_of_outages],
    one_of_each=aggregate_of,
)
async def test_it_does_not_matter_whether_two_processes_share_the_work(
    books: Books, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    by = () if Dimension.priority not in KPIS[key].dimensions else ("priority",)
    monkeypatch.setattr(fetching, "WIDE_SHARE", -1)
    halves = await answer(books.db, _asked(key, *by), NOW)
    monkeypatch.setattr(fetching, "WIDE_SHARE", 2)
    assert (await answer(books.db, _asked(key, *by), NOW)).points == halves.points


async def test_what_a_view_tells_is_halved_where_the_tables_behind_it_are(
    own_books: Books,
) -> None:
    books = own_books
    with psycopg.connect(books.administrator_url, autocommit=True) as owner:
        owner.execute("analyze kpi.incident_opened, kpi.incident_resolved, kpi.request_delivered, sla.clock")
        views = {f"kpi.{name}" for (name,) in owner.execute(VIEWS)}
    for key in ("knowledge_use", "sla_attainment_opened", "sla_attainment"):
        assert fact_table(KPIS[key]) in views
        halves = await split(books.connection, _asked(key), {})
        assert halves is not None
        assert not halves.of_table
        assert halves.begins_at in _asked(key).bounds[1:-1]
    table = await split(books.connection, _asked("incidents_opened"), {})
    assert table is not None
    assert table.of_table
