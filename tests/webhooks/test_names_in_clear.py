"""Names that an earlier version left in clear are counted, since nothing may rewrite the log."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.kernel.ledger import Ledger
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.webhooks.effects import names_in_clear
from tests.contract.logged import MADE_UP


async def told(ledger: Ledger, source: str, **columns: str | None) -> None:
    """An event as that source told it."""
    name = stream("incident", uuid7())
    event = Event(
        id=uuid7(),
        stream=name,
        version=1,
        type="incident.observed",
        occurred_at=datetime.now(UTC),
        actor="rule:tests",
        correlation_id=MADE_UP,
        source=source,
        data={"given": columns, "set": {}},
    )
    await ledger.writer.write(AppendRequest(reads={name: 0}, events=(event,), rows=(), audiences={name: ()}))


async def test_events_with_names_in_clear_are_counted_and_those_without_are_not(ledger: Ledger) -> None:
    assert names_in_clear.count(ledger.db.url) == 0
    await told(ledger, "webhook:jira-1", **{"fields.assignee": "Li Na li.na@example.org"})
    await told(ledger, "webhook:jira-1", **{"fields.requester": "Li Na", "fields.assignee": "Wang Wei"})
    await told(ledger, "webhook:jira-1", **{"fields.requester": None, "requester": "person/1"})
    await told(ledger, "import:desk", **{"fields.assignee": "a column of that file"})
    assert names_in_clear.count(ledger.db.url) == 2
    assert names_in_clear.sentence(2).startswith("2 events of tickets from other tools contain the name")
    assert names_in_clear.sentence(0).startswith("No event contains names")


@pytest.mark.parametrize(("before", "may"), [(None, False), ("1003", True), ("1006", True), ("1007", False)])
def test_only_databases_of_earlier_versions_are_counted(before: str | None, may: bool) -> None:
    assert names_in_clear.is_of_earlier_version(before) is may
