"""Event logs in XES: what their events tell, and which files are refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.exchange.load import load
from app.exchange.mapping import FileMapping
from app.exchange.readers import xes
from app.exchange.readers.rows import FileRefused, RefusedRow, SourceRow
from app.exchange.readers.xes import OTHERS_COLUMN, Xes
from app.kernel.ledger import Ledger
from app.processes.incidents.records import IncidentState as State
from tests.cases import each_case
from tests.exchange.servicenow_files import NOW, a_mapping, blocks, outcome, the_fold_holds, understood

BEGIN = datetime(2012, 4, 2, 6, tzinfo=UTC)
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <float key="meta:total" value="3"><float key="Ana" value="1"><int key="deep" value="2"/></float></float>
"""
PLAIN = {
    "org:group": "G7",
    "org:resource": "Ana",
    "concept:name": "Queued",
    "lifecycle:transition": "Awaiting Assignment",
    "impact": "Medium",
    "time:timestamp": "2012-04-02T08:00:00+02:00",
}


def an_event(inside: str = "", **changed: str) -> str:
    """An event with these attributes; a `_` in a name stands for `:`."""
    attributes = PLAIN | {name.replace("_", ":"): value for name, value in changed.items()}
    tags = (
        f"<{'date' if k == 'time:timestamp' else 'string'} key={quoteattr(k)} value={quoteattr(v)}/>"
        for k, v in attributes.items()
    )
    return f"<event>{''.join(tags)}{inside}</event>\n"


def a_trace(case: str, events: Iterable[str]) -> str:
    return f'<trace><string key="concept:name" value="{case}"/>{"".join(events)}</trace>\n'


def steps(*statuses: str, team: str = "G7", hours: float = 0) -> list[str]:
    """Events with these statuses, `Accepted/Wait` and the like, ten minutes one after the other."""
    return [
        an_event(
            concept_name=status.partition("/")[0],
            lifecycle_transition=status.partition("/")[2],
            org_group=team,
            time_timestamp=(BEGIN + timedelta(hours=hours, minutes=10 * n)).isoformat(),
        )
        for n, status in enumerate(statuses)
    ]


def a_log(*traces: str) -> str:
    return HEAD + "".join(traces) + "</log>\n"


def read(
    text: str, mapping: FileMapping | None = None, size: int | None = None
) -> list[SourceRow | RefusedRow]:
    return list(Xes(mapping or a_mapping("vinst_incidents"), NOW).read(blocks(text.encode(), size)))


def refused(text: str) -> str:
    with pytest.raises(FileRefused) as error:
        read(text)
    return str(error.value)


@pytest.mark.parametrize("size", [None, 7])
def test_an_event_is_told_in_our_words_however_the_file_comes(size: int | None) -> None:
    text = a_log(
        a_trace("1-7", [an_event(), an_event(lifecycle_transition="Wait - User", concept_name="Accepted")])
    )
    first, second = understood(read(text, size=size))
    assert (first.line, first.case, first.occurred_at) == (7, "1-7", BEGIN)
    assert first.opened_at == first.occurred_at
    assert (first.state, first.fields) == (State.new, {"priority": Priority.P3, "hold_reason": None})
    assert (second.state, second.fields["hold_reason"]) == (State.on_hold, HoldReason.awaiting_requester)
    assert dict(zip(first.heading, first.values, strict=True))["org:group"] == "G7"


def test_which_attribute_is_the_team_is_for_the_mapping_to_say() -> None:
    other = {"organization involved": "G8"}
    text = a_log(a_trace("1-7", [an_event(**other)]))
    for name, team in (("vinst_incidents", "G7"), ("vinst_problems", "G8")):
        mapping = a_mapping(name)
        (row,) = understood(read(text, mapping))
        (column,) = mapping.format("xes").teams
        assert row.values[row.heading.index(column)] == team


def test_attributes_that_the_mapping_does_not_name_are_private_and_those_of_the_log_are_left_out() -> None:
    nested = '<string key="note" value="Ana called"><string key="who" value="Li"/></string>'
    (row,) = understood(read(a_log(a_trace("1", [an_event(nested, impact=" Low ")]))))
    cells = dict(zip(row.heading, row.values, strict=True))
    assert cells[OTHERS_COLUMN] == '{"note": "Ana called"}'
    assert OTHERS_COLUMN in row.private
    assert row.fields["priority"] is Priority.P4


def test_a_row_is_the_same_wherever_the_mapping_puts_an_attribute() -> None:
    text = a_log(a_trace("1", [an_event(zone="north", quality="-")]))
    mapping = a_mapping("vinst_incidents")
    named = mapping.model_copy(update={"plain": mapping.plain | {"zone", "quality"}})
    (expected,), (stored) = understood(read(text, named)), understood(read(text, mapping))
    assert expected.values != stored[0].values
    assert expected.identity == stored[0].identity
    (other,) = understood(read(text.replace("north", "south"), mapping))
    assert other.identity != expected.identity


@each_case(
    ("text", "message"),
    [
        ("", "The file is not well-formed XML: no element found in line 1, column 1"),
        ("a,b\n1,2\n", "The file is not well-formed XML: syntax error in line 1"),
        ("<html/>", "The file is not XES: it begins with <html>, not with <log>"),
        (HEAD + "<trace><event></trace>", "not well-formed XML: mismatched tag in line 7, column 17"),
        (HEAD, "not well-formed XML: no element found in line 7"),
        (a_log(), "The file has no events"),
        ('<!DOCTYPE log [<!ENTITY a "b">]><log/>', "The file declares a document type"),
        ("<log>" + "<list>" * 200, "are nested more than 100 deep"),
        ("<log " + "x" * 5_000_000, "A tag in line 1 is longer than 4,000,000 bytes"),
        (a_log("<event/>"), ""),
        (
            a_log('<trace><event><string key="status" value="x"/></event></trace>'),
            "The first events have no attribute 'trace:concept:name' (case of the mapping), 'time:tim",
        ),
    ],
)
def test_a_file_that_is_no_such_log_is_refused(text: str, message: str) -> None:
    if message:
        assert message in refused(text)
    else:
        (row,) = read(text)
        assert isinstance(row, RefusedRow)
        assert row.code == "no_case"


def test_events_that_tell_nothing_certain_are_refused_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xes, "LARGEST_ROW", 1_000)
    text = a_log(
        a_trace("1", [an_event(time_timestamp="soon"), an_event(note="x" * 2_000), an_event()]),
        a_trace("", [an_event()]),
        an_event(),
        '<trace><string key="concept:name" value="2"/>' + f'<string key="a" value="{"x" * 999}"/>',
        an_event() + "</trace>",
    )
    rows = read(text)
    assert [row.code if isinstance(row, RefusedRow) else row.case for row in rows] == [
        "bad_time",
        "too_large",
        "1",
        "no_case",
        "no_case",
        "too_large",
    ]


async def test_a_log_is_told_as_its_cases_went(ledger: Ledger, tmp_path: Path) -> None:
    text = a_log(
        a_trace("1", steps("Queued/Awaiting Assignment", "Accepted/In Progress", "Completed/In Call")),
        a_trace(
            "2",
            steps("Accepted/Wait - Vendor", "Unmatched/Unmatched", "Completed/Closed", "Completed/Closed"),
        ),
        a_trace("3", steps("Completed/Resolved", "Queued/Awaiting Assignment", "Completed/Cancelled")),
    )
    file = tmp_path / "log.xes.gz"
    file.write_bytes(gzip.compress(text.encode()))
    reader = Xes(a_mapping("vinst_incidents"), NOW)
    report = await load(ledger, file, reader, source="vinst", now=NOW)
    assert (report.read, report.applied, report.cases) == (10, 10, 3)
    fields: dict[str, list[str]] = {}
    for event in (await outcome(ledger.db))[1]:
        fields.setdefault(event["source_number"], []).append(event["type"].removeprefix("incident."))
    assert fields == {
        "1": ["reported", "started", "resolved"],
        "2": ["reported", "held", "observed", "closed", "closed"],
        "3": ["reported", "resolved", "reopened", "cancelled"],
    }
    await the_fold_holds(ledger)
    again = await load(ledger, file, reader, source="vinst", now=NOW)
    assert (again.repeated, again.events) == (10, 0)
