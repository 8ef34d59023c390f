"""Extracts of one system that overlap: they merge by case and event, whichever comes first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from app.exchange.load import load
from app.exchange.readers.xes import Xes
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import INCIDENT
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.conftest import DatabaseUrls, Server, fresh
from tests.exchange.servicenow_files import NOW, SELECT_STATE, a_mapping, the_fold_holds
from tests.exchange.test_xes import a_log, a_trace, steps
from tests.extent import first_of, in_test_all

#: Cases of which the second extract has events from before those in the first, among and behind them.
STORY = {
    "opened earlier, by another team": [
        *steps("Accepted/In Progress", "Queued/Awaiting Assignment", team="G1 3rd"),
        *steps("Accepted/In Progress", "Completed/Resolved", "Completed/Closed", team="G2", hours=5),
    ],
    "reopened in between": [
        *steps("Queued/Awaiting Assignment", "Accepted/In Progress", "Completed/In Call"),
        *steps("Accepted/Wait - User", "Accepted/In Progress", "Completed/Closed", team="G2", hours=24 * 40),
    ],
    "queued, taken and queued again": [
        *steps("Accepted/Assigned", "Queued/Awaiting Assignment"),
        *steps("Queued/Awaiting Assignment", "Unmatched/Unmatched", "Accepted/Wait", hours=9),
    ],
    "cancelled for a while": [
        *steps("Queued/Awaiting Assignment", "Completed/Cancelled", team="G1"),
        *steps("Accepted/Wait - Vendor", "Completed/Resolved", "Completed/Resolved", hours=24 * 40),
    ],
}
OLDER = {case: events[:3] for case, events in STORY.items()}
NEWER = {case: events[2:] for case, events in STORY.items()}
MIDDLE = {case: events[1:4] for case, events in STORY.items()}
ODD = {case: events[1::2] for case, events in STORY.items()}
#: By whom a field was set last, and where that stands in the log, is another in each order.
WRITTEN = {
    "version",
    "changed_at",
    "position",
    "opened_position",
    "ended_position",
    "n",
    "case_id",
    "team_id",
    "from_team_id",
    "to_team_id",
    "assignee_id",
    "told",
}
#: Not every fact has a team.
FACTS_OF = """
select '{table}' as fact, x.key as source_number, t.key as team, to_jsonb(f) as told from kpi.{table} f
join fold.external_reference x on x.record = 'incident/' || f.case_id
left join fold.team t on t.id::text = to_jsonb(f)->>'team_id' order by x.key, f.{order}
"""


async def outcome(place: DatabaseUrls, ledger: Ledger) -> list[dict[str, Any]]:
    """How the cases stand, and the facts of KPIs, by the numbers of the source."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    await catch_up(connection, FACTS)
    await connection.close()
    rows = await ledger.db.rows(SELECT_STATE)
    for table in INCIDENT:
        order = "n" if "n" in table.columns else "at"
        facts = await ledger.db.rows(FACTS_OF.format(table=table.name, order=order))
        rows += [row["told"] | row for row in facts]
    return [{name: value for name, value in row.items() if name not in WRITTEN} for row in rows]


async def bring(ledger: Ledger, folder: Path, extracts: Sequence[dict[str, list[str]]]) -> int:
    """Imports them one after the other; gives how many rows were new."""
    applied = 0
    for n, extract in enumerate(extracts):
        file = folder / f"{n}.xes"
        file.write_text(a_log(*(a_trace(case, events) for case, events in extract.items())), encoding="utf-8")
        report = await load(ledger, file, Xes(a_mapping("vinst_incidents"), NOW), source="vinst", now=NOW)
        applied += report.applied
    return applied


@in_test_all
async def test_extracts_that_overlap_come_to_their_union_in_any_order(
    server: Server, tmp_path: Path, opened_at: Any
) -> None:
    rows = sum(map(len, STORY.values()))
    expected: list[dict[str, Any]] | None = None
    orders = [
        (STORY,),
        *permutations((OLDER, NEWER)),
        *first_of([*permutations((OLDER, NEWER, MIDDLE))], 1),
        (ODD, NEWER, STORY),
    ]
    for order in orders:
        with fresh(server) as place:
            async with opened_at(place) as ledger:
                assert await bring(ledger, tmp_path, order) == rows
                result = await outcome(place, ledger)
                await the_fold_holds(ledger)
        expected = expected or result
        assert result == expected
