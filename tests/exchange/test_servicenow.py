"""ServiceNow's audit of incidents: what a row tells, and which rows and files are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.tickets import Channel, HoldReason
from app.common.times.written_times import DateOrder
from app.exchange.readers.rows import FileRefused, RefusedRow
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.readers.servicenow_codes import CHANNELS, STATE_CODES, label_key
from app.exchange.readers.servicenow_labels import TRANSLATIONS
from app.exchange.readers.table import PEEK_ROWS
from app.processes.incidents.records import IncidentState as State
from tests.cases import each_case
from tests.exchange.servicenow_files import HEADING, NOW, a_row, read, text_of, understood


def only(**changed: str) -> RefusedRow:
    (row,) = read(text_of([a_row(**changed)]))
    assert isinstance(row, RefusedRow)
    return row


def test_a_row_is_told_in_our_words() -> None:
    (row,) = understood(read(text_of([a_row()])))
    assert (row.line, row.case) == (2, "INC0001")
    assert row.occurred_at == datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
    assert row.opened_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert row.state is State.new
    assert row.fields == {
        "channel": Channel.hotline,
        "priority": Priority.P3,
        "impact": Impact.department,
        "urgency": Urgency.hindered,
        "category": "mail",
        "title": "Mail does not arrive",
        "hold_reason": None,
    }
    columns = dict(zip(row.heading, row.values, strict=True))
    assert columns["assignment_group"] == "Desk"
    assert columns["assigned_to"] is None
    assert columns["sys_updated_at"] == "2026-03-02T08:05:00.000000Z"
    assert row.irregular == ()


@each_case("word", ["Unknown", "Null", "None", "Nan", "N/A", "undefined", "TRUE", "False"])
def test_texts_and_names_are_read_as_they_are_written(word: str) -> None:
    (row,) = understood(
        read(text_of([a_row(short_description=word, description=word, caller_id=word, priority=word)]))
    )
    columns = dict(zip(row.heading, row.values, strict=True))
    assert row.fields["title"] == columns["description"] == columns["caller_id"] == word
    is_boolean = word in ("TRUE", "False")
    assert columns["priority"] == (word.lower() if is_boolean else None)


def test_free_text_and_columns_that_nobody_knows_are_private() -> None:
    (row,) = understood(read(text_of([a_row()])))
    assert row.private == ("description", "u_remark")


def test_so_is_what_looks_like_no_code_in_a_column_of_codes() -> None:
    (row,) = understood(read(text_of([a_row(category="Li Na\nasked again", priority="x" * 101)])))
    assert set(row.private) == {"description", "u_remark", "category", "priority"}
    assert row.fields["category"] == "Li Na asked again"
    assert row.irregular == ("unknown_priority",)


@each_case(
    ("written", "state", "reason"),
    [
        ("New", State.new, None),
        ("Active", State.in_progress, None),
        ("In Progress", State.in_progress, None),
        ("Work in progress", State.in_progress, None),
        ("Awaiting User Info", State.on_hold, HoldReason.awaiting_requester),
        ("Awaiting Vendor", State.on_hold, HoldReason.awaiting_vendor),
        ("Awaiting Problem", State.on_hold, HoldReason.awaiting_problem),
        ("Awaiting Evidence", State.on_hold, HoldReason.awaiting_evidence),
        ("Awaiting Change", State.on_hold, HoldReason.awaiting_change),
        ("On Hold", State.on_hold, HoldReason.other),
        ("resolved", State.resolved, None),
        ("CLOSED", State.closed, None),
        ("Canceled", State.cancelled, None),
        ("Cancelled", State.cancelled, None),
        ("1", State.new, None),
        ("2", State.in_progress, None),
        ("3", State.on_hold, HoldReason.awaiting_problem),
        ("6", State.resolved, None),
        ("7", State.closed, None),
        ("8", State.cancelled, None),
    ],
)
def test_states_are_known_by_name_and_by_number(
    written: str, state: State, reason: HoldReason | None
) -> None:
    (row,) = understood(read(text_of([a_row(incident_state=written)])))
    assert row.state is state
    assert row.fields["hold_reason"] is reason


@each_case(
    ("written", "state", "reason"),
    [
        ("新建", State.new, None),
        ("进行中", State.in_progress, None),
        ("等待供应商", State.on_hold, HoldReason.awaiting_vendor),
        ("已解决", State.resolved, None),
        ("已关闭", State.closed, None),
        ("已取消", State.cancelled, None),
        ("已解決", State.resolved, None),
        ("Neu", State.new, None),
        ("IN BEARBEITUNG", State.in_progress, None),
        ("Warten auf Benutzerinfo", State.on_hold, HoldReason.awaiting_requester),
        ("GELÖST", State.resolved, None),
        ("Gelo\u0308st", State.resolved, None),  # as a Mac stores it
        ("Abgebrochen", State.cancelled, None),
        ("Nouveau", State.new, None),
        ("En cours", State.in_progress, None),
        ("En attente de l’appelant", State.on_hold, HoldReason.awaiting_requester),
        ("Résolu", State.resolved, None),
        ("Fermé", State.closed, None),
        ("Nuevo", State.new, None),
        ("En  espera", State.on_hold, HoldReason.other),
        ("Resuelto", State.resolved, None),
        ("Cerrado", State.closed, None),
        ("新規", State.new, None),
        ("対応中", State.in_progress, None),
        ("保留中", State.on_hold, HoldReason.other),
        ("解決済み", State.resolved, None),
        ("クローズ", State.closed, None),
        ("ｸﾛｰｽﾞ", State.closed, None),
        ("キャンセル", State.cancelled, None),
        ("6 - Gelöst", State.resolved, None),
        ("7 - Irgendwie zu", State.closed, None),
    ],
)
def test_states_are_known_in_the_languages_of_servicenow(
    written: str, state: State, reason: HoldReason | None
) -> None:
    (row,) = understood(read(text_of([a_row(incident_state=written)])))
    assert (row.state, row.fields["hold_reason"]) == (state, reason)


def test_no_label_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for translation in TRANSLATIONS:
        for english, labels in translation.items():
            assert english in STATE_CODES or english in CHANNELS, english
            for label in labels:
                meanings.setdefault(label_key(label), set()).add(english)
    assert {label: labels for label, labels in meanings.items() if len(labels) > 1} == {}


@pytest.mark.parametrize("states", [["Neuland"], ["Uusi", "Ratkaistu", ""], ["?", "Nieuw!"]])
def test_a_file_without_a_known_state_is_refused(states: list[str]) -> None:
    rows = [a_row(incident_state=state) for state in states]
    with pytest.raises(
        FileRefused, match=r"No state in the file is known. The file has: '(Neuland|Uusi|Nieuw!)'"
    ):
        read(text_of(rows))
    assert len(understood(read(text_of([*rows, a_row()])))) == len(states) + 1


def test_a_file_that_names_no_state_at_all_is_read() -> None:
    (row,) = understood(read(text_of([a_row(incident_state="")])))
    assert row.state is None


def test_in_the_newer_column_three_is_on_hold_for_the_reason_beside_it() -> None:
    heading = (*("state" if name == "incident_state" else name for name in HEADING), "hold_reason")
    reasons = ("4", "Awaiting Caller", "?", "等待变更", "1 - Warten auf Melder")
    rows = [a_row(state="3", hold_reason=reason) for reason in reasons]
    source_rows = understood(read(text_of(rows, heading)))
    assert [row.fields["hold_reason"] for row in source_rows] == [
        HoldReason.awaiting_vendor,
        HoldReason.awaiting_requester,
        HoldReason.other,
        HoldReason.awaiting_change,
        HoldReason.awaiting_requester,
    ]


@pytest.mark.parametrize("written", ["-100", "?", "Unmatched"])
def test_an_unknown_state_is_noted_and_says_nothing_of_what_the_case_waits_for(written: str) -> None:
    row, _ = understood(read(text_of([a_row(incident_state=written), a_row()])))
    assert row.state is None
    assert "hold_reason" not in row.fields
    assert row.irregular == ("unknown_state",)


def test_an_unknown_code_is_noted_and_not_told() -> None:
    (row,) = understood(read(text_of([a_row(priority="urgent!", contact_type="Pigeon")])))
    assert "priority" not in row.fields
    assert "channel" not in row.fields
    assert row.irregular == ("unknown_channel", "unknown_priority")


@pytest.mark.parametrize("missing", ["?", "", "  ", "UNKNOWN", "null", "N/A", "-"])
def test_a_missing_value_is_missing_however_it_is_written(missing: str) -> None:
    team = "" if missing.isalnum() or missing == "N/A" else missing
    (row,) = understood(read(text_of([a_row(category=missing, assignment_group=team, impact=missing)])))
    assert row.fields["category"] is row.fields["impact"] is None
    assert row.values[row.heading.index("assignment_group")] is None


def test_without_an_opening_the_row_itself_is_the_first_that_is_known() -> None:
    (row,) = understood(read(text_of([a_row(opened_at="?")])))
    assert row.opened_at == row.occurred_at
    assert row.irregular == ("missing:opened_at",)


def test_columns_come_in_any_order_and_case() -> None:
    heading = tuple(reversed(HEADING))
    text = text_of([a_row()], heading)
    (row,) = understood(read(text.replace("number", "Number").replace("sys_updated_at", "Sys Updated At")))
    (other,) = understood(read(text_of([a_row()])))
    assert row.identity == other.identity
    assert row.fields == other.fields


def test_a_long_title_is_cut_and_kept_whole_in_private() -> None:
    (row,) = understood(read(text_of([a_row(short_description="word " * 60)])))
    assert len(row.fields["title"]) == 200
    assert row.fields["title"].endswith("…")
    assert "short_description" in row.private


@each_case(
    ("changed", "code"),
    [
        ({"number": "?"}, "no_case"),
        ({"number": "x" * 101}, "bad_case"),
        ({"number": "INC\n1"}, "bad_case"),
        ({"sys_updated_at": "?"}, "no_time"),
        ({"sys_updated_at": "0001-01-01 00:00:00"}, "no_time"),
        ({"sys_updated_at": "this morning"}, "bad_time"),
        ({"opened_at": "this morning"}, "bad_time"),
        ({"sys_updated_at": "2026-11-20 08:02:00"}, "in_the_future"),
        ({"category": "enc1:00000000-0000-0000-0000-000000000000:AAAA"}, "like_a_ciphertext"),
    ],
)
def test_a_row_that_cannot_be_taken_is_refused(changed: dict[str, str], code: str) -> None:
    rows = read(text_of([a_row(), a_row(**changed), a_row(sys_mod_count="2")]))
    assert isinstance(rows[1], RefusedRow)
    assert (rows[1].line, rows[1].code) == (3, code)
    assert len(understood([rows[0], rows[2]])) == 2


def test_an_odd_time_beside_the_two_that_count_is_kept_in_private() -> None:
    (row,) = understood(read(text_of([a_row(closed_at="when Li Na is back")])))
    assert "closed_at" in row.private


def test_a_row_is_read_the_same_whatever_stands_before_it() -> None:
    rows = [
        a_row(),
        a_row(category="Li Na\nasked again", short_description="two  spaces"),
        a_row(category="Li Na\nasked again", short_description="two  spaces", priority="x" * 101),
        a_row(short_description="two  spaces"),
        a_row(incident_state="unheard of", priority="unheard of"),
        a_row(incident_state="unheard of", priority="unheard of"),
        a_row(closed_at="Li Na's birthday"),
        a_row(sys_updated_at="never"),
        a_row(closed_at="Li Na's birthday"),
        a_row(sys_updated_at="0001-01-01 00:00:00"),
        a_row(opened_at=""),
        a_row(),
    ]
    regular = a_row(number="INC0009")  # a file without one known state is refused
    alone = [next(iter(read(text_of([row, regular])))) for row in rows]
    assert len({type(row) for row in alone}) == 2
    for together, row in zip(read(text_of(rows)), alone, strict=True):
        if isinstance(row, RefusedRow):
            assert isinstance(together, RefusedRow)
            assert together == row._replace(line=together.line)
        else:
            assert together == row._replace(line=together.line)


def test_a_date_order_that_stays_open_refuses_the_file() -> None:
    text = text_of([a_row(opened_at="1/3/2026 08:00", sys_updated_at="2/3/2026 08:00")])
    with pytest.raises(FileRefused, match="--date-order"):
        read(text)
    (row,) = understood(read(text, order=DateOrder.dmy))
    assert row.occurred_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    (row,) = understood(read(text, order=DateOrder.mdy))
    assert row.occurred_at == datetime(2026, 2, 3, 8, tzinfo=UTC)


def test_a_date_that_shows_no_order_is_refused_where_none_before_it_did() -> None:
    rows = read(text_of([*[a_row()] * PEEK_ROWS, a_row(sys_updated_at="1/2/2026 08:00"), a_row()]))
    assert [row.code for row in rows if isinstance(row, RefusedRow)] == ["ambiguous_date"]
    assert len(rows) == PEEK_ROWS + 2


def test_any_column_may_show_the_order() -> None:
    text = text_of(
        [a_row(opened_at="1/3/2026 08:00", sys_updated_at="2/3/2026 08:00", closed_at="13/3/2026 08:00")]
    )
    (row,) = understood(read(text))
    assert row.occurred_at == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_times_are_in_the_zone_of_the_file() -> None:
    (row,) = understood(read(text_of([a_row()]), zone="Asia/Shanghai"))
    assert row.occurred_at == datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
    (row,) = understood(read(text_of([a_row(sys_updated_at="2026-10-25 02:30:00")]), zone="Europe/Berlin"))
    assert row.irregular == ("ambiguous_time",)
    (row,) = understood(read(text_of([a_row(sys_updated_at="2026-03-29 02:30:00")]), zone="Europe/Berlin"))
    assert row.irregular == ("nonexistent_time",)


def test_dialects_of_one_row_have_one_identity() -> None:
    heading = (*HEADING, "active", "u_empty")
    ours = text_of(
        [a_row(active="true", opened_at="2/3/2026 08:00", sys_updated_at="13/3/2026 08:05")], heading
    )
    theirs = text_of(
        [
            a_row(
                active="TRUE",
                opened_at="02-03-2026 08:00",
                sys_updated_at="13-03-2026 08:05",
                caller_id="Li  Na ",
                assigned_to="",
            )
        ],
        (*HEADING, "active"),
    )
    (item,), (other,) = understood(read(ours)), understood(read(theirs))
    assert item.identity == other.identity
    (third,) = understood(read(ours.replace("Desk", "Network")))
    assert third.identity != item.identity


def test_how_a_case_ended_does_not_tell_its_rows_apart() -> None:
    """An export of today says on every row how the case has ended since; one of yesterday could not."""
    (early,), (late,) = (
        understood(read(text_of([a_row(closed_at=closed)]))) for closed in ("?", "2026-03-09 12:00:00")
    )
    assert early.identity == late.identity


@pytest.mark.parametrize("missing", ["number", "incident_state", "sys_updated_at", "opened_at"])
def test_a_file_without_a_needed_column_is_refused(missing: str) -> None:
    heading = tuple(name for name in HEADING if name != missing)
    with pytest.raises(FileRefused, match=f"no column .*{missing.removesuffix('_at')}"):
        read(text_of([a_row()], heading))


def test_a_file_that_cannot_be_read_as_a_whole_says_why() -> None:
    with pytest.raises(FileRefused, match="empty"):
        read("")
    with pytest.raises(FileRefused, match="no rows"):
        read(text_of([]))
    with pytest.raises(FileRefused, match="'number' more than once"):
        read("number,number,state,sys_updated_at,opened_at\n")
    with pytest.raises(FileRefused, match="'Mars/Olympus' is not the name of a time zone"):
        read(text_of([a_row()]), zone="Mars/Olympus")
    with pytest.raises(FileRefused, match="not an encoding"):
        read(text_of([a_row()]), encoding="ebcdic")


def test_a_column_that_comes_twice_is_kept_with_what_nobody_knows() -> None:
    heading, row = text_of([a_row()]).splitlines()
    (read_row,) = understood(read(f"{heading},category\n{row},Second thoughts\n"))
    assert "Second thoughts" in read_row.values


def test_what_is_wrong_with_the_zone_is_said_before_anything_is_read() -> None:
    def nothing(size: int) -> bytes:
        raise AssertionError("nothing is read yet")

    with pytest.raises(FileRefused, match="time zone"):
        next(ServiceNow("Berlin", NOW).read(nothing))


def test_a_file_in_another_order_is_brought_into_that_of_the_audit() -> None:
    rows = [
        a_row(number=f"INC{case}", sys_mod_count=str(n), incident_state=state)
        for case in range(3)
        for n, state in ((2, "New"), (9, "Active"), (10, "Resolved"))
    ]
    for ordered_rows in (rows, rows[::-1]):
        states = [row.state for row in understood(read(text_of(ordered_rows))) if row.case == "INC1"]
        assert states == [State.new, State.in_progress, State.resolved]


def test_a_row_that_goes_back_leaves_a_file_in_its_order() -> None:
    rows = [a_row(sys_mod_count=str(n), incident_state="Active") for n in (*range(1, 60), 20)]
    assert [row.line for row in understood(read(text_of(rows)))] == list(range(2, 62))
