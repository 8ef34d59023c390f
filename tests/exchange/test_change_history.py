"""A history of changes: each row tells the whole of a change, and the KPIs of changes follow."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.exchange.load import load
from app.exchange.mapping import MappingRefused, read_mapping
from app.exchange.readers.delimited import Delimited
from app.exchange.readers.ndjson import Ndjson
from app.exchange.readers.rows import RefusedRow, SourceRow
from app.exchange.report import ImportReport
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.answers.series import KpiPoint
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.processes.changes.records import ChangeState
from tests.exchange.servicenow_files import NOW, blocks, refused_rows, the_fold_holds, understood
from tests.kpis.histories import BEGIN
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others

MAPPING = """
process = "change"
source = "old-tool"
case = "Number"
null = ["-"]
ignore = ["Remark"]

[milestones]
submitted = "Submitted"
approved = { column = "Approved", by = "Approver" }
scheduled = "Scheduled"
implementing = "Begun"
implemented = "Done"
backed_out = "Backed out"
closed = "Closed"

[fields]
title = "Subject"
service = "Service"
team = "Group"
type = { column = "Kind", values = { S = "standard", N = "normal", E = "emergency" } }
risk_level = "Risk"
window_from_at = "From"
window_until_at = "Until"
review_due_at = "Review due"
outcome = { column = "Result", values = { ok = "successful", bad = "failed" } }
"""
HEADING = (
    "Number;Subject;Kind;Risk;Service;Group;Submitted;Approved;Approver;Scheduled;From;Until;Begun;Done;"
    "Backed out;Closed;Result;Review due;Remark"
)
PLANNED = (
    "C1;New relay;N;low;mail;Net;02 08:00;03 08:00;Ada;-;"
    "04 20:00;04 23:00;04 20:00;04 22:00;-;06 09:00;ok;-;x"
)
#: What is worked out of each stands in the test below.
ROWS = [
    PLANNED,
    "C2;Broken relay;E;high;mail;Net;05 09:00;-;-;-;-;-;05 09:30;05 10:00;-;06 09:00;bad;-;x",
    "C3;No window;N;low;mail;Net;01 00:00;-;-;-;-;-;09 10:00;09 12:00;-;13 09:00;ok;-;x",
    "C4;Hardly known;-;-;-;-;-;-;-;-;10 10:00;10 12:00;10 10:00;10 11:00;-;13 09:00;-;-;x",
    "C5;Taken back;S;low;erp;Net;-;-;-;11 08:00;12 20:00;12 22:00;12 20:30;-;12 21:00;-;-;17 21:00;x",
    "C6;Waits;N;low;erp;Net;20 08:00;21 08:00;Ada;-;30 08:00;30 09:00;-;-;-;-;-;-;x",
]


def _text(rows: list[str]) -> str:
    """The rows as a file: times are written shorter above."""
    lines = [HEADING]
    for row in rows:
        cells = row.split(";")
        lines.append(
            ";".join(f"2026-03-{cell}" if len(cell) == 8 and cell[2] == " " else cell for cell in cells)
        )
    return "\n".join(lines)


def _read(*rows: str) -> list[SourceRow | RefusedRow]:
    reader = Delimited(read_mapping(MAPPING, "changes.toml"), NOW, "UTC")
    return list(reader.read(blocks(_text(list(rows)).encode())))


async def _import(ledger: Ledger, folder: Path, rows: list[str], *, dry_run: bool = False) -> ImportReport:
    file = folder / "changes.csv"
    file.write_text(_text(rows), encoding="utf-8")
    reader = Delimited(read_mapping(MAPPING, "changes.toml"), NOW, "UTC")
    return await load(ledger, file, reader, source="old-tool", now=NOW, dry_run=dry_run)


async def _point(ledger: Ledger, key: str) -> KpiPoint:
    time: dict[str, Any] = {"grain": "all", "begin": "2026-03-01", "end": "2026-04-01"}
    question = parse_question(
        KPIS[key], QuestionParameters(by=(), **time), now=NOW, organisation_zone="UTC", reopen_days=7
    )
    kpi_answer = await answer(ledger.db, question, NOW)
    of_the_log = await answer(ledger.db, question, NOW, position=kpi_answer.position)
    assert kpi_answer.points == of_the_log.points, "the raw events say the same"
    (point,) = kpi_answer.points
    return point


def test_a_row_tells_when_a_change_came_to_each_state() -> None:
    rows = understood(_read(PLANNED))
    assert [(row.state, row.occurred_at.strftime("%d %H:%M")) for row in rows] == [
        (ChangeState.submitted, "02 08:00"),
        (ChangeState.approved, "03 08:00"),
        (ChangeState.implementing, "04 20:00"),
        (ChangeState.implemented, "04 22:00"),
        (ChangeState.closed, "06 09:00"),
    ]
    assert [row.fields["outcome"] for row in rows] == [None] * 4 + ["successful"], (
        "the end is told at the end"
    )
    assert rows[0].fields["window_from_at"] == datetime(2026, 3, 4, 20, tzinfo=UTC)
    assert rows[0].fields["services"] == ["mail"]
    assert {row.values[-1] for row in rows} == {None, "Ada"}
    not_closed = understood(_read(PLANNED.replace("06 09:00;ok", "-;-")))
    assert [row.identity for row in not_closed[:3]] == [row.identity for row in rows[:3]], (
        "it has grown since"
    )


def test_a_row_whose_times_cannot_be_read_is_refused_with_the_column() -> None:
    wrong = _read(
        PLANNED.replace("04 22:00", "soon"), "C9" + ";-" * 18, PLANNED.replace("06 09:00", "2027-01-01 09:00")
    )
    reasons = [(row.line, row.code, row.reason) for row in wrong if isinstance(row, RefusedRow)]
    assert [(line, code) for line, code, _ in reasons] == [
        (2, "bad_time"),
        (3, "no_time"),
        (4, "in_the_future"),
    ]
    assert "Done" in reasons[0][2]
    assert "Closed is in the future" in reasons[2][2]


@pytest.mark.parametrize(
    ("line", "instead", "expected"),
    [
        ("[milestones]", "[milestone]", "this key is unknown here"),
        ("submitted =", "handed_in =", "milestones.handed_in"),
        (
            'case = "Number"',
            'case = "Number"\nat = "Done"',
            "at, state, actor and sequence cannot be combined with",
        ),
        (
            'risk_level = "Risk"',
            'ci = "Risk"',
            "fields.ci: this key is unknown here; possible are assignee, cat",
        ),
    ],
)
def test_what_is_wrong_with_a_mapping_of_changes_is_said(line: str, instead: str, expected: str) -> None:
    with pytest.raises(MappingRefused) as refused:
        read_mapping(MAPPING.replace(line, instead), "changes.toml")
    assert expected in str(refused.value)


async def test_the_kpis_of_changes_follow_and_what_is_unknown_stays_so(
    ledger: Ledger, tmp_path: Path
) -> None:
    checked = await _import(ledger, tmp_path, ROWS, dry_run=True)
    assert (checked.read, checked.applied, checked.cases, checked.refused.total()) == (21, 21, 6, 0)
    assert await ledger.db.value("select count(*) from fold.change") == 0
    # A first export has only what had been begun, and one change that was not closed yet.
    await _import(ledger, tmp_path, [PLANNED.replace("06 09:00;ok", "-;-")])
    second = await _import(ledger, tmp_path, ROWS)
    assert second.cases == 5
    events = await ledger.db.value("select count(*) from log.event")
    again = await _import(ledger, tmp_path, ROWS)
    assert (again.applied, again.repeated) == (0, 21)
    assert await ledger.db.value("select count(*) from log.event") == events
    await the_fold_holds(ledger)

    changes = {
        row["title"]: row
        for row in await ledger.db.rows("select * from fold.change where number like 'CHG-2026-%'")
    }
    relay = changes["New relay"]
    assert (relay["state"], relay["outcome"], relay["services"]) == ("closed", "successful", ["mail"])
    assert relay["approval_id"] is None, "nobody's approval is made up"
    approver = await ledger.db.value(
        "select actor from log.told where stream = %s and type = 'change.approved'",
        (f"change/{relay['id']}",),
    )
    assert approver.startswith("person:")
    assert relay["submitted_at"] == datetime(2026, 3, 2, 8, tzinfo=UTC)

    deployed = Life("deployment", environment="production", service="mail")
    deployed.then(1, "started", "running", change_ids=[str(relay["id"]), str(changes["Hardly known"]["id"])])
    end = (datetime(2026, 3, 4, 22, tzinfo=UTC) - BEGIN).total_seconds()
    deployed.then(end, "succeeded", "succeeded")
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    await write_others(connection, deployed.events)
    await catch_up(connection, FACTS)
    await connection.close()
    shares = {
        # C1 went well, C2 failed, C5 was backed out. Nobody knows the window of C3, nor how C4 went.
        "change_first_pass": (1, 3, 2),
        "change_failure_rate": (2, 4, 1),
        # Nobody knows of which type C4 was.
        "emergency_share": (1, 4, 1),
        # No history of changes tells of alterations of items.
        "unauthorised_changes": (0, 0, 0),
        "deployment_failure_rate": (0, 1, 0),
    }
    for key, expected in shares.items():
        point = await _point(ledger, key)
        assert (point.numerator, point.denominator, point.excluded["unknown"]) == expected, key
    lead = await _point(ledger, "change_lead_seconds")
    # 62 hours of C1, one of C2, 204 of C3; C4 was handed in when nobody knows, C5 was never implemented.
    assert (lead.value, lead.cases, lead.excluded["unknown"]) == (62 * 3600, 3, 1)
    assert (await _point(ledger, "change_backlog")).value == 1, "C6 is approved"
    assert (await _point(ledger, "change_reviews_overdue")).value == 1, "that of C5"
    production = await _point(ledger, "lead_time_for_changes")
    assert (production.value, production.cases, production.excluded["unknown"]) == (62 * 3600, 1, 1)
    assert (await _point(ledger, "deployment_frequency")).numerator == 1


async def test_our_own_format_tells_changes_row_by_row(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "history.ndjson"
    file.write_text(
        '{"case": "7", "at": "2026-03-02T08:00:00Z", "state": "submitted", "type": "normal"}\n'
        '{"case": "7", "at": "2026-03-03T08:00:00Z", "state": "rejected", "type": "normal"}\n'
        '{"case": "7", "at": "2026-03-04T08:00:00Z", "state": "on_hold", "type": "normal"}\n'
        '{"case": "8", "at": "2026-03-04T08:00:00Z", "state": "submitted", "hold_reason": "other"}\n',
        encoding="utf-8",
    )
    report = await load(ledger, file, Ndjson(NOW, "change"), source="desk", now=NOW)
    assert (report.cases, report.applied, report.refused["bad_json"]) == (1, 3, 1)
    assert report.irregular["unknown_state"] == 1
    assert len(await refused_rows(ledger)) == 1
    (change,) = await ledger.db.rows("select state, type from fold.change")
    assert (change["state"], change["type"]) == ("rejected", "normal")
