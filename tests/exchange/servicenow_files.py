"""ServiceNow files written by hand, and what an import of them has come to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.exchange.load import load
from app.exchange.mapping import FileMapping, read_mapping
from app.exchange.readers.rows import RefusedRow, SourceRow
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.report import ImportReport
from app.kernel.histories.rebuild import FoldComparison, compare
from app.kernel.ledger import Ledger
from app.platform.db import Database
from app.registry import LIFECYCLES
from tests import extent

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
#: Among the real data: the whole of the UCI log of incidents, and its first rows as saved by a spreadsheet.
WHOLE = "uci_incident_event_log.csv.gz"
SAMPLE = "uci_incident_dialect_sample.csv.gz"
SAMPLE_ROWS = 5_998
HEADING = (
    "number",
    "incident_state",
    "sys_mod_count",
    "caller_id",
    "opened_by",
    "opened_at",
    "sys_updated_by",
    "sys_updated_at",
    "contact_type",
    "category",
    "impact",
    "urgency",
    "priority",
    "assignment_group",
    "assigned_to",
    "short_description",
    "description",
    "u_remark",
    "closed_at",
)
PLAIN: dict[str, str] = {
    "number": "INC0001",
    "incident_state": "New",
    "sys_mod_count": "0",
    "caller_id": "Li Na",
    "opened_by": "Wang Wei",
    "opened_at": "2026-03-02 08:00:00",
    "sys_updated_by": "Wang Wei",
    "sys_updated_at": "2026-03-02 08:05:00",
    "contact_type": "Phone",
    "category": "mail",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Desk",
    "assigned_to": "?",
    "short_description": "Mail does not arrive",
    "description": "Li Na gets no mail since this morning.",
    "u_remark": "?",
    "closed_at": "?",
}


def a_row(**changed: str) -> dict[str, str]:
    """A row of the audit, after its first change."""
    return PLAIN | changed


def a_case(number: str, *states: str, day: int = 2, **changed: str) -> list[dict[str, str]]:
    """A case that goes through these states, one a minute."""
    return [
        a_row(
            number=number,
            incident_state=state,
            sys_mod_count=str(n),
            opened_at=f"2026-03-{day:02} 08:00:00",
            sys_updated_at=f"2026-03-{day:02} 08:{n + 1:02}:00",
            **changed,
        )
        for n, state in enumerate(states)
    ]


def text_of(rows: Iterable[dict[str, str]], heading: tuple[str, ...] = HEADING) -> str:
    """The rows as a file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, heading, extrasaction="ignore", restval="?")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def a_file(folder: Path, rows: Iterable[dict[str, str]], name: str = "audit.csv") -> Path:
    """The rows in a file of that folder."""
    path = folder / name
    path.write_text(text_of(rows), encoding="utf-8")
    return path


def a_mapping(name: str) -> FileMapping:
    """The mapping of that name, of those that were written for tests."""
    path = Path(__file__).parent / "mappings" / f"{name}.toml"
    return read_mapping(path.read_text(encoding="utf-8"), path.name)


def blocks(body: bytes, size: int | None = None) -> Callable[[int], bytes]:
    """The bytes as a reader gets them, at most so many at a time."""
    stream = io.BytesIO(body)
    return lambda expected: stream.read(min(expected, size or expected))


def read(text: str | bytes, **options: Any) -> list[SourceRow | RefusedRow]:
    """What the reader makes of the file."""
    body = text if isinstance(text, bytes) else text.encode()
    expected: dict[str, Any] = {"zone": "UTC", "now": NOW} | options
    return list(ServiceNow(**expected).read(blocks(body)))


def understood(rows: Iterable[SourceRow | RefusedRow]) -> list[SourceRow]:
    """The rows, of which none is refused."""
    return list(_understood(rows))


def _understood(rows: Iterable[SourceRow | RefusedRow]) -> Iterator[SourceRow]:
    for row in rows:
        assert isinstance(row, SourceRow), row
        yield row


async def import_file(ledger: Ledger, path: Path, *, zone: str = "UTC", **options: Any) -> ImportReport:
    """Imports the file."""
    expected: dict[str, Any] = {"source": "servicenow", "now": NOW} | options
    return await load(ledger, path, ServiceNow(zone, NOW), **expected)


SELECT_STATE = """
select x.key as source_number, i.version, i.changed_at, i.state, i.state_since, i.title, i.priority, i.impact,
  i.urgency, i.channel, i.category, i.opened_at, i.started_at, i.held_from, i.hold_reason, i.resolved_at,
  i.closed_at, i.cancelled_at, t.key as team, i.requester_id is null as no_requester,
  i.assignee_id is null as no_assignee
from fold.incident i join fold.external_reference x on x.record = 'incident/' || i.id
left join fold.team t on t.id = i.team_id order by 1
"""
SELECT_EVENTS = """
select x.key as source_number, e.version, e.type, e.occurred_at, e.source_ref is not null as keyed,
  split_part(e.actor, ':', 1) as by, e.data->'irregular' as irregular
from log.told e join fold.external_reference x on x.record = e.stream order by 1, 2
"""

KINDS = "select distinct split_part(jsonb_object_keys(data->'set'), '/', 1) as kind from log.told"


async def outcome(db: Database) -> tuple[list[Any], list[Any]]:
    """All that an import comes to, but for what is made anew each time: ids, keys, numbers, positions."""
    return await db.rows(SELECT_STATE), await db.rows(SELECT_EVENTS)


async def fold_comparison(ledger: Ledger) -> FoldComparison:
    """The rows and the fold of the log, compared; in `make test` only the tables that events are about."""
    kinds = {row["kind"] for row in await ledger.db.rows(KINDS)}
    lifecycles = [
        lifecycle
        for lifecycle in LIFECYCLES
        if extent.WHOLE or any(record.KIND in kinds for record in (lifecycle.record, *lifecycle.children))
    ]
    async with ledger.db.connection() as connection:
        return await compare(connection, lifecycles)


async def the_fold_holds(ledger: Ledger) -> None:
    """Asserts that every row is the fold of its events, and that no row of a source was told twice."""
    comparison = await fold_comparison(ledger)
    assert comparison.differing == {}, comparison.examples
    twice = await ledger.db.value(
        "select count(*) from (select 1 from log.event where type = 'incident.reported' "
        "group by stream having count(*) > 1) as x"
    )
    assert twice == 0
    again = await ledger.db.value(
        "select count(*) from (select from log.event where source_ref is not null and source like 'import:%' "
        "group by source, source_ref having count(*) <> max(version) - min(version) + 1 "
        "or count(distinct stream) > 1 or count(*) filter (where type = 'incident.reported') > 1) as x"
    )
    assert again == 0


async def refused_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """The refused rows that are kept, in the order of their lines, with their text."""
    rows = await ledger.db.rows(
        "select line, code, reason, sealed from plumbing.refused_row order by line, code"
    )
    return [row | {"text": ledger.vault.decrypt_refused(bytes(row["sealed"])).decode()} for row in rows]
