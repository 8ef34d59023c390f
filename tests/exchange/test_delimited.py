"""Delimited files that a mapping explains: what their rows tell, and which files are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.exchange.load import load
from app.exchange.mapping import read_mapping
from app.exchange.readers.delimited import Delimited
from app.exchange.readers.rows import FileRefused, RefusedRow, SourceRow, distinct_names
from app.kernel.ledger import Ledger
from app.platform.settings import PROJECT
from app.processes.incidents.records import IncidentState as State
from app.processes.incidents.records import ResolutionCode
from tests.exchange.servicenow_files import (
    NOW,
    a_case,
    blocks,
    import_file,
    outcome,
    text_of,
    the_fold_holds,
    understood,
)

PAGE = (PROJECT / "docs" / "mappings.md").read_text(encoding="utf-8")
((SHOWN, EXAMPLE),) = re.findall(r"^```csv\n(.*?)^```\s+^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
LEAST = 'process = "incident"\ncase = "id"\nat = "at"\nstate = { column = "s", values = { open = "new" } }\n'


def read(text: str, mapping: str, **options: Any) -> list[SourceRow | RefusedRow]:
    reader = Delimited(read_mapping(mapping, "desk.toml"), NOW, **options)
    return list(reader.read(blocks(text.encode())))


def refused(text: str, mapping: str = LEAST, **options: Any) -> str:
    with pytest.raises(FileRefused) as error:
        read(text, mapping, **options)
    return str(error.value)


def test_the_file_of_the_documentation_is_told_in_our_words() -> None:
    new, parked, done = understood(read(SHOWN, EXAMPLE))
    assert (new.case, new.occurred_at) == ("4711", datetime(2026, 3, 2, 7, 5, tzinfo=UTC))
    assert {row.opened_at for row in (new, parked, done)} == {datetime(2026, 3, 2, 7, 0, tzinfo=UTC)}
    assert [row.state for row in (new, parked, done)] == [State.new, State.on_hold, State.resolved]
    waits = {"priority": Priority.P2, "title": "No mail", "hold_reason": HoldReason.awaiting_vendor}
    assert parked.fields == waits
    assert done.fields == waits | {"hold_reason": None, "resolution_code": ResolutionCode.fixed}
    assert "Notes" not in parked.heading
    assert parked.private == ()


def test_columns_that_the_mapping_does_not_name_are_private() -> None:
    (row,) = understood(read("id,at,s,x,y\n1,2026-03-02 08:00:00Z,open,a,b\n", f'plain = ["y"]\n{LEAST}'))
    assert row.private == ("x",)
    assert row.opened_at == row.occurred_at


def test_texts_are_told_as_they_are_written() -> None:
    text = "id,at,s,x,y\n1,2026-03-02 08:00:00Z,open,TRUE,FALSE\n"
    (row,) = understood(read(text, f'{LEAST}[fields]\ntitle = "x"\ndescription = "y"\n'))
    assert (row.fields["title"], row.values[-1]) == ("TRUE", "FALSE")


@pytest.mark.parametrize("cell", ["a", "TRUE"])
def test_a_row_is_the_same_whatever_the_mapping_makes_of_it(cell: str) -> None:
    text = f"id,at,s,x\n1,2026-03-02 08:00:00Z,open,{cell}\n"
    mappings = (LEAST, f'plain = ["x"]\n{LEAST}', f'{LEAST}[fields]\ncategory = "x"\n')
    assert len({understood(read(text, mapping))[0].identity for mapping in mappings}) == 1
    assert understood(read(text, f'ignore = ["x"]\n{LEAST}'))[0].identity != ""


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("epoch_seconds", "1772438400"),
        ("epoch_milliseconds", "1772438400000"),
        ("text", "2026-03-02T08:00:00Z"),
    ],
)
def test_times_may_be_numbers(kind: str, text: str) -> None:
    (row,) = understood(read(f"id,at,s\n1,{text},open\n", f'time = "{kind}"\n{LEAST}'))
    assert row.occurred_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    _, nothing = read(f"id,at,s\n1,{text},open\n2,x,open\n", f'time = "{kind}"\n{LEAST}')
    assert isinstance(nothing, RefusedRow)
    assert (nothing.code, nothing.reason) == (
        "bad_time",
        "the value in at is not a time such as 2016-03-01 13:05:00",
    )


def test_times_without_an_offset_need_a_zone() -> None:
    text = "id,at,s\n1,2026-03-02 08:00:00,open\n"
    assert refused(text).startswith("The time '2026-03-02 08:00:00' has no UTC offset. Set the time zone")
    zones = {"Europe/Berlin": 7, "Asia/Shanghai": 0}
    for zone, hour in zones.items():
        (row,) = understood(read(text, LEAST, given_zone=zone))
        assert row.occurred_at.hour == hour
        (row,) = understood(read(text, f'zone = "Asia/Shanghai"\n{LEAST}', given_zone=zone))
        assert row.occurred_at.hour == hour, "what is said at the call goes before the mapping"
    assert "'Mars' is not the name of a time zone" in refused(text, given_zone="Mars")


def test_a_time_without_an_offset_among_others_that_say_theirs_is_refused_alone() -> None:
    read_rows = read("id,at,s\n2,2026-03-02 08:00,open\n1,2026-03-02 08:00Z,open\n", LEAST)
    assert [getattr(row, "code", None) for row in read_rows] == ["no_zone", None]


def test_a_date_that_could_be_two_among_others_that_could_not_is_refused_alone() -> None:
    read_rows = read("id,at,s\n2,02/03/2026 08:00,open\n1,2026-03-02 08:00,open\n", LEAST, given_zone="UTC")
    assert [getattr(row, "code", None) for row in read_rows] == ["ambiguous_date", None]


def test_a_time_without_an_offset_that_comes_late_is_refused_alone() -> None:
    rows = ["1,2026-03-02 08:00:00Z,open\n"] * 5_000 + ["2,2026-03-02 08:00:00,open\n"]
    *_, last = read("id,at,s\n" + "".join(rows), LEAST)
    assert isinstance(last, RefusedRow)
    assert (last.line, last.code) == (5_002, "no_zone")


def test_dates_that_could_be_two_are_not_guessed() -> None:
    text = "id,at,s\n1,2/3/2026 8:00,open\n"
    assert "could be read with the day first or with the month first" in refused(text, given_zone="UTC")
    (row,) = understood(read(text, f'date_order = "mdy"\n{LEAST}', given_zone="UTC"))
    assert row.occurred_at == datetime(2026, 2, 3, 8, tzinfo=UTC)
    (row,) = understood(read("id,at,s\n1,2.3.2026 8:00,open\n", LEAST, given_zone="UTC"))
    assert row.occurred_at == datetime(2026, 3, 2, 8, tzinfo=UTC), "nobody writes the month first with dots"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The file is empty"),
        ("id,at,s\n", "The file has no rows"),
        ("id,time,s\n1,2,3\n", "no column 'at' (at of the mapping). It has: 'id', 'time', 's'"),
        ("id,at,s,s\n1,2,3,4\n", "The heading has 's' more than once"),
    ],
)
def test_a_file_that_the_mapping_is_not_about_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


def test_a_column_that_the_mapping_does_not_name_may_come_twice() -> None:
    assert distinct_names(["a", "b", "a", "a (2)", "a"], ["b"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"]
    (row,) = understood(read("id,at,s,x,x\n1,2026-03-02 08:00Z,open,first,second\n", LEAST))
    assert {"first", "second"} <= set(row.values)


def test_rows_of_one_time_are_in_the_order_of_their_sequence() -> None:
    time_text = "2026-03-02 08:00:00Z"
    rows = (
        f"2,{time_text},open,1",
        f"1,{time_text},open,10",
        "x,,open,1",
        f"1,{time_text},shut,9",
        "1,2026-03-02 07:00Z,open,11",
    )
    text = "\n".join(("id,at,s,n", *rows, ""))
    first, *rest = read(text, f'sequence = "n"\n{LEAST}')
    assert isinstance(first, RefusedRow)
    assert [(row.case, row.line) for row in understood(rest)] == [("1", 6), ("1", 5), ("1", 3), ("2", 2)]


async def test_it_comes_to_what_the_reader_of_that_system_makes_of_it(
    ledger: Ledger, elsewhere: Ledger, tmp_path: Path
) -> None:
    """ServiceNow's audit, explained by a mapping."""
    story = [
        *a_case("INC0001", "New", "Active", "Awaiting Vendor", "Active", "Resolved", "Closed"),
        *a_case("INC0002", "Active", "Resolved", "Active", "Closed", "-100", day=3, caller_id="Olu Adeyemi"),
    ]
    file = tmp_path / "audit.csv"
    file.write_text(text_of(story), encoding="utf-8")
    mapping = """
process = "incident"
case = "number"
at = "sys_updated_at"
opened = "opened_at"
actor = "sys_updated_by"
opener = "opened_by"
null = ["?"]
plain = ["sys_mod_count"]
afterwards = ["closed_at"]
[fields]
title = "short_description"
description = "description"
category = "category"
team = "assignment_group"
assignee = "assigned_to"
requester = "caller_id"
channel = { column = "contact_type", values = { Phone = "hotline" } }
priority = { column = "priority", values = { 3 = "P3" } }
impact = { column = "impact", values = { 2 = "2" } }
urgency = { column = "urgency", values = { 2 = "2" } }
[state]
column = "incident_state"
[state.values]
New = "new"
Active = "in_progress"
"Awaiting Vendor" = { state = "on_hold", hold_reason = "awaiting_vendor" }
Resolved = "resolved"
Closed = "closed"
"""
    reader = Delimited(read_mapping(mapping, "audit.toml"), NOW, "UTC")
    report = await load(ledger, file, reader, source="servicenow", now=NOW)
    by_name = await import_file(elsewhere, file)
    assert replace(report, run=by_name.run, seconds=by_name.seconds) == by_name
    states, events = await outcome(ledger.db)
    expected, mapped = await outcome(elsewhere.db)
    assert states == expected
    assert [event | {"keyed": True} for event in events] == [event | {"keyed": True} for event in mapped]
    await the_fold_holds(ledger)
