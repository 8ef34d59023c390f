"""Our own form of a history, a JSON object per line."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.common.priorities.priority import Impact, Priority
from app.common.tickets import HoldReason
from app.exchange.load import load
from app.exchange.readers.ndjson import Ndjson
from app.exchange.readers.rows import FileRefused, RefusedRow, SourceRow
from app.kernel.ledger import Ledger
from app.kernel.numbers import Numbers
from app.platform.settings import PROJECT
from app.processes.incidents.records import IncidentState as State
from app.processes.incidents.records import ResolutionCode
from tests.cases import each_case
from tests.exchange.servicenow_files import NOW, blocks, outcome, refused_rows, the_fold_holds, understood

PAGE = (PROJECT / "docs" / "mappings.md").read_text(encoding="utf-8")
(SHOWN,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
LEAST = {"case": "1", "at": "2026-03-02T08:00:00+01:00", "state": "new"}


def read(text: str) -> list[SourceRow | RefusedRow]:
    return list(Ndjson(NOW).read(blocks(text.encode())))


def test_the_lines_of_the_documentation_are_told() -> None:
    new, held, resolved = understood(read(SHOWN))
    assert (new.case, new.state) == ("4711", State.new)
    assert new.opened_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert (new.fields["priority"], new.fields["impact"]) == (Priority.P2, Impact.department)
    assert new.irregular == held.irregular == resolved.irregular == ()
    assert (held.state, held.fields["hold_reason"]) == (State.on_hold, HoldReason.awaiting_vendor)
    assert dict(zip(held.heading, held.values, strict=True))["other"] == '{"ticket of the vendor": "A-17"}'
    assert set(held.private) == {"description", "resolution", "cause", "other"}
    assert resolved.fields["resolution_code"] is ResolutionCode.fixed


@each_case(
    ("line", "code", "message"),
    [
        ("{", "bad_json", "the line is not a JSON object"),
        ("[1]", "bad_json", "the line is not a JSON object"),
        ('{"case": "1", "case": "2"}', "bad_json", "the key 'case' occurs twice"),
        ("[" * 100_000, "bad_json", "the line is not a JSON object"),
        (json.dumps({"case": "1"}), "bad_json", "the key 'at' is missing"),
        (json.dumps(LEAST | {"team": 3}), "bad_json", "the value of 'team' is not a text"),
        (json.dumps(LEAST | {"other": ["x"]}), "bad_json", "the value of 'other' is not a text"),
        (json.dumps(LEAST | {"other": {"x": 1}}), "bad_json", "the value of 'x' is not a text"),
        (json.dumps(LEAST | {"other": {"team": "x"}}), "bad_json", "'team' is a key of this format"),
        (json.dumps(LEAST | {"title": "\ud83d"}), "bad_json", "a text has half of a character"),
        (json.dumps(LEAST | {"colour": "x"}), "bad_json", "the key 'colour' is unknown; possible are "),
        (
            json.dumps(LEAST | {"at": "yesterday"}),
            "bad_time",
            "the value in at is not a time such as 2016-03-01 13:05:00",
        ),
        (json.dumps(LEAST | {"case": "x" * 200}), "bad_case", "cannot be the number of a case"),
        (json.dumps(LEAST | {"title": "enc1:x"}), "like_a_ciphertext", "like encrypted text of Ledgerdesk"),
    ],
)
def test_a_line_that_is_wrong_is_refused_alone_with_its_reason(line: str, code: str, message: str) -> None:
    wrong, right = read(f"{line}\n{json.dumps(LEAST)}\n")
    assert isinstance(wrong, RefusedRow)
    assert (wrong.line, wrong.code) == (1, code)
    assert message in wrong.reason
    assert isinstance(right, SourceRow)


def test_a_line_that_says_no_offset_is_refused_alone() -> None:
    wrong, right = json.dumps(LEAST | {"at": "2026-03-02T08:00:00"}), json.dumps(LEAST)
    for lines in ([wrong], [wrong, right]):
        read_rows = read("\n".join(lines))
        assert [getattr(row, "code", None) for row in read_rows] == ["no_zone", None][: len(lines)]


def test_a_file_that_says_nothing_is_refused() -> None:
    with pytest.raises(FileRefused, match="no row"):
        read("\n\n")


ALTERED = [
    '{"case": "7", "at": "2026-03-02T08:00:00Z", "state": "submitted", "title": "Relay\\tnew", '
    '"reason": "It\\u0007 is old.\\nVery old."}',
    '{"case": "7", "at": "2026-03-03T08:00:00Z", "state": "assessed", "title": "New relay", '
    '"reason": "It is\\u0000 old."}',
    '{"case": "8", "at": "2026-03-04T08:00:00Z", "state": "submitted", "title": "As it was sent"}',
]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)], ids=["in order", "the last first"])
async def test_texts_are_made_fit_and_marked_on_the_change_whatever_comes_first(
    ledger: Ledger, tmp_path: Path, order: tuple[int, ...]
) -> None:
    for n in order:
        file = tmp_path / f"{n}.ndjson"
        file.write_text(f"{ALTERED[n]}\n", encoding="utf-8")
        await load(ledger, file, Ndjson(NOW, "change"), source="desk", now=NOW)
    rows = await ledger.db.rows("select title, reason, altered from fold.change order by opened_at")
    texts = await ledger.vault.texts(row["reason"] for row in rows if row["reason"])
    texts_of_rows = [(row["title"], texts.get(row["reason"]), row["altered"]) for row in rows]
    assert texts_of_rows == [
        ("New relay", "It is old.", {"reason": ["characters_removed"]}),
        ("As it was sent", None, None),
    ]
    await the_fold_holds(ledger)


async def test_texts_that_are_longer_than_a_field_are_continued_in_comments(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Once, however often the case is told, and unreadable once the person who wrote them is erased."""
    title, reason = "Relay " * 50 + "END", "because " * 5_000 + "END"
    rows = [
        {"case": "7", "at": f"2026-03-0{day}T08:00:00Z", "state": state, "title": title, "reason": reason}
        for day, state in ((2, "submitted"), (3, "assessed"))
    ]
    rows.append({"case": "8", "at": "2026-03-04T08:00:00Z", "state": "submitted", "title": title})
    file = tmp_path / "long.ndjson"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    await load(ledger, file, Ndjson(NOW, "change"), source="desk", now=NOW)
    altered = await ledger.db.rows("select title, altered from fold.change order by opened_at")
    assert [row["altered"] for row in altered] == [{"reason": ["cut"], "title": ["cut"]}, {"title": ["cut"]}]
    comments = await ledger.db.rows("select record, text from fold.comment order by written_at, id")
    texts = await ledger.vault.texts(row["text"] for row in comments)
    words = [str(texts[row["text"]]).split("\n\n", 1) for row in comments]
    assert [heading for heading, _ in words] == [
        *(f"reason ({n}/3)" for n in (1, 2, 3)),
        "title (1/1)",
        "title (1/1)",
    ]
    assert ("".join(text for _, text in words[:3]), words[3][1]) == (reason, title)
    await the_fold_holds(ledger)


async def test_refused_lines_can_be_mended_and_tried_again(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "history.ndjson"
    file.write_text(SHOWN.replace('"resolved"', '"resolved", "why": "?"'), encoding="utf-8")
    first = await load(ledger, file, Ndjson(NOW), source="old-desk", now=NOW)
    assert (first.applied, first.refused.total()) == (2, 1)
    assert [row["code"] for row in await refused_rows(ledger)] == ["bad_json"]
    file.write_text(SHOWN, encoding="utf-8")
    second = await load(ledger, file, Ndjson(NOW), source="old-desk", now=NOW)
    assert (second.repeated, second.applied, second.refused.total()) == (2, 1, 0)
    types = [event["type"] for event in (await outcome(ledger.db))[1]]
    assert types == ["incident.reported", "incident.held", "incident.resolved"]
    await the_fold_holds(ledger)


async def test_the_number_of_a_case_has_the_year_of_its_opening_as_the_first_row_told_it(
    ledger: Ledger, tmp_path: Path
) -> None:
    """In the organisation's zone, as of every number. What comes to be known later does not change it."""
    ledger.numbers = Numbers(ledger.db, ZoneInfo("Asia/Shanghai"))
    file = tmp_path / "history.ndjson"
    for mapping_keys in (
        {"case": "1", "at": "2016-05-02T08:00:00Z", "opened_at": "2015-12-31T15:00:00Z"},
        {"case": "2", "at": "2016-05-02T08:00:00Z", "opened_at": "2015-12-31T16:00:00Z"},
        {"case": "3", "at": "2016-05-02T08:00:00Z"},
        {"case": "1", "at": "2014-02-01T08:00:00Z", "opened_at": "2014-02-01T08:00:00Z"},
    ):
        file.write_text(json.dumps(LEAST | mapping_keys), encoding="utf-8")
        report = await load(ledger, file, Ndjson(NOW), source="old-desk", now=NOW)
        assert report.refused.total() == 0
    rows = await ledger.db.rows("select number, opened_at from fold.incident order by opened_at")
    assert [row["number"] for row in rows] == ["INC-2015-000001", "INC-2016-000001", "INC-2016-000002"]
    assert rows[0]["opened_at"].year == 2014
    await the_fold_holds(ledger)
