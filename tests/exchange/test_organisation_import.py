"""People and teams from CSV: each line once, wrong lines named, nothing written by a dry run."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.common.people import rule_caller
from app.exchange.organisation_import import CHANGED_LINE, ImportSummary, OrganisationImport
from app.exchange.readers.rows import FileRefused
from app.kernel.ledger import Ledger
from tests.cases import each_case
from tests.people import add_team, context

TEAMS = "key,name,kind\nnetwork,Network 网络,internal\nsales,Sales,customer\n"
PEOPLE = """name,email,phone,department,post,manager,grade,locale,time_zone,teams,roles
Lin Xiaoyu 林晓雨,lin@example.org,,IT,Head of IT,,senior,zh,Asia/Shanghai,network,agent;incident_manager
"Nowak, Tomasz",Tomasz@example.org,+48 22 555,IT,Engineer,lin@example.org,staff,en,UTC,network; sales,engineer

Zhao Min,zhao@example.org,,,,,,,,,
"""


async def bring(
    ledger: Ledger, folder: Path, people: str | None = PEOPLE, teams: str | None = TEAMS, *, dry: bool = False
) -> dict[str, ImportSummary]:
    """The files, brought in by one run."""
    roster = OrganisationImport(ledger, context(rule_caller("command_line")), dry)
    summaries = {}
    for name, text, take in (("teams", teams, roster.teams), ("people", people, roster.people)):
        if text is not None:
            path = folder / f"{name}.csv"
            path.write_text(text, encoding="utf-8-sig")
            summaries[name] = await take(path)
    return summaries


async def head(ledger: Ledger) -> int:
    """The newest position."""
    result: int = await ledger.db.value("select position from log.head")
    return result


async def test_people_and_teams_are_there_with_all_that_the_files_say(ledger: Ledger, tmp_path: Path) -> None:
    assert await bring(ledger, tmp_path) == {"teams": ImportSummary(2), "people": ImportSummary(3)}
    rows = await ledger.db.rows("select * from fold.person order by id")
    texts = await ledger.vault.texts(row["name"] for row in rows)
    lin, tomasz, zhao = rows
    assert [texts[row["name"]] for row in rows] == ["Lin Xiaoyu 林晓雨", "Nowak, Tomasz", "Zhao Min"]
    assert (lin["roles"], lin["grade"], lin["time_zone"]) == (
        ["agent", "incident_manager"],
        "senior",
        "Asia/Shanghai",
    )
    assert (tomasz["manager_id"], zhao["manager_id"], zhao["roles"]) == (lin["id"], None, None)
    members = "select count(*) from fold.membership where person_id = %s"
    assert await ledger.db.value(members, (tomasz["id"],)) == 2
    kinds = await ledger.db.rows("select key, kind from fold.team order by key")
    assert [(row["key"], row["kind"]) for row in kinds] == [("network", "internal"), ("sales", "customer")]


async def test_brought_in_again_nothing_happens_and_what_is_new_is_added(
    ledger: Ledger, tmp_path: Path
) -> None:
    await bring(ledger, tmp_path)
    position = await head(ledger)
    assert await bring(ledger, tmp_path) == {"teams": ImportSummary(0, 2), "people": ImportSummary(0, 3)}
    assert await head(ledger) == position
    more = f"{PEOPLE}Wu Jing,wu@example.org,,,,zhao@example.org,,,,,\n"
    assert await bring(ledger, tmp_path, more) == {
        "teams": ImportSummary(0, 2),
        "people": ImportSummary(1, 3),
    }
    assert await head(ledger) == position + 1


async def test_a_line_that_says_something_else_than_before_is_named_and_changes_nothing(
    ledger: Ledger, tmp_path: Path
) -> None:
    await bring(ledger, tmp_path)
    position = await head(ledger)
    changed = PEOPLE.replace("Zhao Min,zhao", "Zhao Ming,ZHAO")
    changed += "Wu Jing,wu@example.org,,,,zhao@example.org,,,,,\n"
    summary = (await bring(ledger, tmp_path, changed))["people"]
    (wrong,) = summary.wrong
    assert (summary.added, summary.there_already) == (1, 2), "who reports to them is taken"
    assert (wrong.line, wrong.why) == (5, CHANGED_LINE)
    assert await head(ledger) == position + 1


async def test_a_team_that_is_there_already_is_left_as_it_is(ledger: Ledger, tmp_path: Path) -> None:
    await add_team(ledger, "network")
    assert await bring(ledger, tmp_path) == {"teams": ImportSummary(1, 1), "people": ImportSummary(3)}


async def test_wrong_lines_are_named_and_the_others_taken(ledger: Ledger, tmp_path: Path) -> None:
    people = """name,email,manager,grade,time_zone,teams,roles
,nobody@example.org,,,,,
A,not an address,,,,,
B,b@example.org,c@example.org,,,,
C,c@example.org,,boss,,,
D,d@example.org,,,Mars,,
E,e@example.org,,,,nowhere,
F,f@example.org,,,,,boss
G,g@example.org,,,,,agent@process/nothing
H,h@example.org,,,,network,agent@process/incident
"""
    for dry in (True, False):
        summary = (await bring(ledger, tmp_path, people, dry=dry))["people"]
        assert [wrong.line for wrong in summary.wrong] == [2, 3, 4, 5, 6, 7, 8, 9]
        words = ("name", "email", "manager", "grade", "time_zone", "nowhere", "roles", "nothing")
        assert [word for word, wrong in zip(words, summary.wrong, strict=True) if word not in wrong.why] == []
        assert summary.added == 1


@each_case(
    ("content", "wrong"),
    [
        ("Name;Email\nÄnne;a@example.org\n".encode("cp1252"), {}),
        ("sep=\t\nname\temail\n打印\ta@example.org\n".encode("utf-16"), {}),
        ("name,email\n打印,a@example.org\n".encode("gb18030"), {}),
        (b"name,email\nX,x@example.org,more\n,,\nA,a@example.org\n", {2: "3 cells"}),
        (b'name,email\n"X,x@example.org\nA,a@example.org\n', {2: "quotation mark"}),
    ],
    ids=ascii,
)
async def test_a_file_of_people_is_read_as_those_of_tickets_are(
    ledger: Ledger, tmp_path: Path, content: bytes, wrong: dict[int, str]
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    summary = await OrganisationImport(ledger, context(rule_caller("command_line")), dry=True).people(file)
    assert summary.added == 1
    assert [each.line for each in summary.wrong] == list(wrong)
    assert all(wrong[each.line] in each.why for each in summary.wrong)


async def test_a_dry_run_writes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    position = await head(ledger)
    assert await bring(ledger, tmp_path, dry=True) == {"teams": ImportSummary(2), "people": ImportSummary(3)}
    assert await head(ledger) == position
    assert await bring(ledger, tmp_path) == {"teams": ImportSummary(2), "people": ImportSummary(3)}


@each_case(
    ("text", "word"),
    [
        ("name,e-mail\nA,a@example.org\n", "'e-mail' is unknown"),
        ("name\nA\n", "'email' is missing"),
        ("", "is empty"),
    ],
    ids=ascii,
)
async def test_a_file_that_is_not_such_a_table_is_refused(
    ledger: Ledger, tmp_path: Path, text: str, word: str
) -> None:
    with pytest.raises(FileRefused, match=word):
        await bring(ledger, tmp_path, text, None)


async def test_the_log_holds_no_name_and_no_address_of_the_file(ledger: Ledger, tmp_path: Path) -> None:
    await bring(ledger, tmp_path)
    rows = await ledger.db.rows(
        "select convert_from(data, 'UTF8') as text from log.event "
        "union all select i::text from log.idempotency i"
    )
    assert not [row for row in rows if "@example.org" in row["text"] or "Tomasz" in row["text"]]
