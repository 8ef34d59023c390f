"""Both engines say the same of every clock: that in Python, which fills `sla.clock`, and that in SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.kpis.raw import definitions
from app.platform.db import Connection
from tests.conftest import Server
from tests.extent import in_test_all
from tests.kpis.conftest import Books, copied_books, made_books

#: In the second and third, something that is no clock's business happens behind a restoration dated ahead.
SEEDS = range(1, 25)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
#: What is said of a clock, by the one and by the other.
NAMES = (
    *(
        "case_id",
        "metric",
        "round",
        "agreement_id",
        "target_id",
        "target_seconds",
        "started_at",
        "stopped_at",
    ),
    *("excluded", "left_out", "breaches_at", "due_at", "warned_at", "elapsed"),
)
BY_THE_ENGINE = """
select case_id, metric, round, agreement_id, target_id, target_seconds, started_at, stopped_at,
  state = 'excluded', excluded, breaches_at, due_at,
  case when state <> 'excluded' then first_warned_75_at end,
  case when state in ('met', 'missed') then elapsed_seconds end
from sla.clock where agreement_type = 'SLA' and kind = %(kind)s"""
BY_SQL = """
select split_part(stream, '/', 2)::uuid, metric, round, agreement_id, target_id, threshold,
  started_at, stopped_at, excluded, left_out, case when not excluded then breaches_at end,
  case when not excluded then due_at end,
  case when not excluded then warned_at end,
  case when stopped_at is not null and not excluded then seconds end
from clock left join clock_left_out using (stream)"""


async def told(
    connection: Connection, text: str, parameters: dict[str, Any]
) -> dict[tuple[UUID, str, int], Any]:
    """What is said of each clock."""
    rows = await (await connection.execute(text.encode(), parameters, prepare=False)).fetchall()
    return {row[:3]: dict(zip(NAMES[3:], row[3:], strict=True)) for row in rows}


async def differences(connection: Connection, kind: str) -> dict[tuple[UUID, str, int], Any]:
    """The clocks of which they say something else, and what."""
    text = definitions.common_ctes(kind).rstrip().rstrip(",") + BY_SQL
    position = await (await connection.execute(b"select position from log.head")).fetchone()
    assert position is not None
    await connection.execute(b"set enable_nestloop = off")  # as definitions are run
    slow = await told(connection, text, {"position": position[0], "now": NOW, "currency": "EUR"})
    fast = await told(connection, BY_THE_ENGINE, {"kind": kind})
    assert len(slow) > 10, "there are clocks"
    fields: dict[tuple[UUID, str, int], Any] = {}
    for key in slow.keys() | fast.keys():
        fast_clock, other = fast.get(key), slow.get(key)
        if fast_clock is None or other is None:
            fields[key] = "only in sql" if fast_clock is None else "only of the engine"
        elif fast_clock != other:
            fields[key] = {
                name: (fast_clock[name], other[name])
                for name in fast_clock
                if fast_clock[name] != other[name]
            }
    return fields


@pytest.mark.parametrize("kind", definitions.CLOCKED)
async def test_both_engines_agree(books: Books, kind: str) -> None:
    assert await differences(books.connection, kind) == {}


@in_test_all
@pytest.mark.parametrize("seed", SEEDS)
async def test_both_engines_agree_whatever_happened(server: Server, seed: int) -> None:
    async with (
        made_books(server, 120, 120, 30, seed) as books_made,
        copied_books(server, *books_made) as books,
    ):
        assert {kind: await differences(books.connection, kind) for kind in definitions.CLOCKED} == {
            kind: {} for kind in definitions.CLOCKED
        }
