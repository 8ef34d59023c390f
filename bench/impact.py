"""Benchmark of the impact analysis: finding everything affected by the failure of a configuration item, among
very many items.
"""

from __future__ import annotations

import time
from statistics import median
from uuid import UUID

from app.foundation.cis.impact import MOST_AFFECTED_CIS, USUAL_DEPTH, impact
from app.platform.db import Connection, Database, connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from bench.cases import ledger_of
from bench.figures import Figure, Run, Threshold, number
from bench.site import made_token, site

NAMES = ("impact", "impact_of_a_hub")
ITEMS, QUICK_ITEMS = 100_000, 10_000
#: Number of items whose failure is measured, one after the other.
FAILING = 100
REPETITIONS = 5
UNIT = " ms"

# Relations in the layers that organisations have: a small network, servers connected to it, databases on
# servers, applications on both, endpoints on the network. Each item of a layer is related to some items of
# the layers below.
MAKE_ITEMS = """
insert into fold.ci
select lpad(to_hex(n), 32, '0')::uuid, 1, now(), 'live', 'ci-' || n, 'Item ' || n,
  case when n < %(total)s * 0.004 then 'network' when n < %(total)s * 0.05 then 'server'
    when n < %(total)s * 0.2 then 'database' when n < %(total)s * 0.7 then 'application' else 'endpoint' end,
  null, array['service-' || n %% 200], '{}', now(), now(), null, false, 0, null
from generate_series(0, %(total)s - 1) as n"""
MAKE_RELATIONS = """
with layer (name, low, high) as (values
  ('core', 0, %(total)s * 0.0002), ('edge', %(total)s * 0.0002, %(total)s * 0.004),
  ('server', %(total)s * 0.004, %(total)s * 0.05), ('database', %(total)s * 0.05, %(total)s * 0.2),
  ('application', %(total)s * 0.2, %(total)s * 0.7), ('endpoint', %(total)s * 0.7, %(total)s)
), way (above, kind, below, times) as (values
  ('edge', 'connects_to', 'core', 2), ('server', 'connects_to', 'edge', 2), ('server', 'uses', 'server', 1),
  ('database', 'runs_on', 'server', 1), ('application', 'runs_on', 'server', 1),
  ('application', 'uses', 'database', 2), ('application', 'depends_on', 'application', 1),
  ('endpoint', 'connects_to', 'edge', 1), ('endpoint', 'uses', 'application', 2)
)
insert into fold.ci_relation
select gen_random_uuid(), 1, now(), 'ci/' || here, here, kind, there, now() from (
  select distinct lpad(to_hex(n), 32, '0')::uuid as here, w.kind, lpad(to_hex(
    (b.low + (hashint8(n * 7 + t)::bigint + 2147483648) %% greatest(1, (b.high - b.low)::bigint))::bigint
  ), 32, '0')::uuid as there
  from way w join layer a on a.name = w.above join layer b on b.name = w.below
  cross join generate_series(a.low::bigint, a.high::bigint - 1) as n
  cross join generate_series(1, w.times) as t
) as related where here <> there
on conflict do nothing"""
MAKE_HUB = """
insert into fold.ci_relation
select gen_random_uuid(), 1, now(), 'ci/' || id, id, 'depends_on', %(hub)s, now()
from fold.ci where id <> %(hub)s order by id desc limit %(many)s on conflict do nothing"""


async def measure(run: Run) -> list[Figure]:
    """Measures the slowest of many failures, and the failure of an item on which half of all items depend."""
    total = QUICK_ITEMS if run.quick else ITEMS
    run.announce("Making an installation with many configuration items")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        try:
            for statement in (MAKE_ITEMS, MAKE_RELATIONS):
                await owner.execute(statement.encode(), {"total": total})
            await owner.execute(b"vacuum analyze fold.ci, fold.ci_relation")
            async with ledger_of(installation) as ledger:
                return await _figures(ledger.db, owner, total)
        finally:
            await owner.close()


async def _figures(db: Database, owner: Connection, total: int) -> list[Figure]:
    relations = await db.value("select count(*) from fold.ci_relation")
    # The first items are the core of the network.
    failing = [*range(20), *range(20, total, max(1, total // FAILING))]
    taken = sorted([await _milliseconds(db, _id(n)) for n in failing])
    told = (
        f"impact at depth {USUAL_DEPTH} among {total:,} items and {relations:,} relations: the slowest of "
        f"{len(failing)}, median {number(median(taken))} ms"
    )
    figures = [_timed(NAMES[0], told, taken[-1])]
    hub, many = _id(0), total // 2
    await owner.execute(MAKE_HUB.encode(), {"hub": hub, "many": many})
    await owner.execute(b"vacuum analyze fold.ci_relation")
    told = f"the same of one that {many:,} depend on: {MOST_AFFECTED_CIS:,} are told of"
    return [*figures, _timed(NAMES[1], told, await _milliseconds(db, hub))]


def _timed(name: str, told: str, took: float) -> Figure:
    return Figure(name, told, number(took) + UNIT, took, Threshold(100, 50, UNIT, at_most=True))


async def _milliseconds(db: Database, failing: UUID) -> float:
    """Returns the median time that the impact analysis of this item takes."""
    taken = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        await impact(db, failing, USUAL_DEPTH)
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _id(n: int) -> UUID:
    return UUID(int=n)
