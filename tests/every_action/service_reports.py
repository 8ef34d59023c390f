"""What is said of service reports, and reports that are there before they are corrected, or followed from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.common.people import rule_caller
from app.foundation.people.teams import EditTeam
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.service_levels.agreements.lifecycle import LIFECYCLE
from app.service_levels.reports.actions import CorrectReportSla, IssueReportSla, ReleaseConsequenceSla
from app.service_reports.compute import compute_report
from app.service_reports.queries import span_named
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NUMBERS
from tests.people import act

#: Months in which the agreements are in force: each has one report.
MONTHS = [f"2020-{month:02}" for month in range(1, 13)]

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    IssueReportSla: lambda: {"period": MONTHS[0], "remarks": "One power cut. 一次停电。"},
    CorrectReportSla: lambda: {"number": "SR1999001", "remarks": "Told of later. 补录。"},
    ReleaseConsequenceSla: lambda: {"number": "SR1999001", "target": "t1"},
}


async def _led(client: Client, path: str) -> Json:
    """Somebody leads the team beneath, and gets the report."""
    body = EditTeam.model_validate({"lead": IDS["doer"]})
    await act(client.app.state.ledger, rule_caller("tests"), "team", "edit", IDS["team"], body)
    return {}


async def _issued(client: Client, path: str) -> Json:
    """A report of the agreement that a rule has issued, and of which everything is another by now."""
    await _led(client, path)
    ledger = client.app.state.ledger
    loaded = await load(ledger.db, LIFECYCLE, path.rpartition("/")[2])
    assert loaded is not None
    agreement, now = loaded.record, datetime.now(UTC)
    # The first month is the sample's; one that is superseded is in force until the day of that.
    months = [month for month in MONTHS[1:] if month < (agreement.superseded_from or "9999")[:7]]
    period = months[next(NUMBERS) % len(months)]
    span = await span_named(ledger, agreement, period, now, running=False)
    report = (await compute_report(ledger, agreement, span, now)).computed()
    content: dict[str, Any] = {**report.content, "earlier_cases": 1}
    lines = [{**line, "due": True, "amount": "500.00"} for line in report.staff_content["consequences"]]
    staff = {**report.staff_content, "consequences": lines}
    row, metadata = LIFECYCLE["issue_report"], CommandMetadata(rule_caller("tests"), now, "tests", "rule")
    body = IssueReportSla(period=period)
    prepared = (replace(report, content=content, staff_content=staff),)
    await perform(ledger, Command(LIFECYCLE, row, str(agreement.id), body, metadata, prepared=prepared))
    listed = [item for page in await client.pages(f"{path}/reports") for item in page]
    return {"number": next(report["number"] for report in listed if report["period"] == period)}


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    IssueReportSla: _led,
    CorrectReportSla: _issued,
    ReleaseConsequenceSla: _issued,
}
#: A period has one report.
NOT_SHARED = frozenset({"issue_report", "correct_report", "release_consequence"})
