"""A search costs what it shows: how PostgreSQL goes about it among a hundred thousand incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, RoleGrant
from app.log.ids import uuid7
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls, Server, fresh
from tests.extent import in_test_all
from tests.search.conftest import search_condition

pytestmark = in_test_all

MANY = 100_000
# A page, and what one looks at in vain beside it.
MOST_ROWS = 5_000
PLAN_LIMITS = "-c jit=off -c timezone=UTC -c random_page_cost=1.1"
# Every second one has mail in it, every thousandth is urgent; three of ten are one person's.
FILL = """
insert into fold.incident (id, version, changed_at, number, state, state_since, opened_at, requester_id)
  select id, 1, at, 'INC-2026-' || n, case when n %% 50 = 0 then 'new' else 'closed' end, at, at,
    case when n %% 10 < 3 then %(one)s::uuid else gen_random_uuid() end
  from (select n, gen_random_uuid() as id, timestamptz '2026-01-01Z' + n * interval '1 minute' as at
        from generate_series(1, %(many)s) as n) as made
"""
INDEX = """
insert into search.record (id, kind, tokens, person_keys, made_at)
  select id, 'incident', array_to_tsvector(
    array['desk', 'n' || n, 'inc-2026-' || n, 'k' || n % 1000, 'v' || n % 77]
    || case when n % 2 = 0 then array['mail', '邮件', '邮', '件'] else array['printer', '不通'] end
    || case when n % 1000 = 0 then array['urgent', '!secret'] else '{}' end), '{}', 1
  from (select id, split_part(number, '-', 3)::integer as n from fold.incident) as made
"""
FREQUENT = ("mail", "邮件", "desk printer")
# The same in every process of a run: it stands in names of tests.
ONE = UUID("01999a00-0000-7000-8000-000000000001")
AUDITOR = Caller("person:x", uuid7(), (RoleGrant(Role.auditor),))
REQUESTER = Caller(f"person:{ONE}", ONE)


@pytest.fixture(scope="module")
def crowded(server: Server) -> Iterator[DatabaseUrls]:
    """A database that is made once for the file."""
    with fresh(server) as database:
        yield database


@pytest.fixture(scope="module")
async def many(crowded: DatabaseUrls) -> AsyncIterator[Connection]:
    """A connection to it, once it is full."""
    connection = await connect(crowded.owner_url, PLAN_LIMITS)
    await connection.execute(FILL.encode(), {"one": ONE, "many": MANY})
    await connection.execute(INDEX.encode())
    await connection.execute(b"analyze fold.incident, search.record")
    yield connection
    await connection.close()


async def planned(
    connection: Connection, caller: Caller, text: str, filters: str = "true"
) -> tuple[int, Any]:
    """How many are on the first page of a search, and how they were come by."""
    where, parameters = search_condition(text, caller)
    query = (
        "explain (analyze, format json) select r.* from fold.incident r "
        f"where {filters} and {where} order by r.opened_at desc, r.id desc limit 51"
    )
    cursor = await connection.execute(query.encode(), parameters, prepare=False)
    row = await cursor.fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Actual Rows"]), plan


def steps(plan: Any) -> Iterator[Any]:
    """The plan's steps, from the top."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps(part)


@pytest.mark.parametrize("caller", [AUDITOR, REQUESTER])
@pytest.mark.parametrize("filters", ["true", "r.state = 'new'", f"r.requester_id = '{ONE}'"])
@pytest.mark.parametrize("text", [*FREQUENT, "urgent", "INC-2026-77", "n77", "k5", "nothing", "v9 k9"])
async def test_no_table_is_read_through_and_few_rows_are_looked_at(
    many: Connection, text: str, filters: str, caller: Caller
) -> None:
    count, plan = await planned(many, caller, text, filters)
    for step in steps(plan):
        assert step["Node Type"] != "Seq Scan", plan
        looked_at = (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"]
        assert looked_at <= MOST_ROWS, plan
    if text in FREQUENT and filters != "r.state = 'new'":
        assert count == 51


async def test_what_only_staff_read_is_no_slower(many: Connection) -> None:
    count, plan = await planned(many, AUDITOR, "secret")
    assert count == 51
    assert all(step["Node Type"] != "Seq Scan" for step in steps(plan))
    assert (await planned(many, REQUESTER, "secret"))[0] == 0
