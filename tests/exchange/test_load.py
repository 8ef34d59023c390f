"""Whole imports: what they come to, told once or often, in one go or in pieces, alone or at once."""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from app.common.people import Role, rule_caller
from app.exchange import case_cache, chunks, files, load
from app.exchange.chunks import Chunk, ChunkBuilder, ImportRow
from app.exchange.files import source_file
from app.exchange.load import FIRST_ROWS, ImportInterrupted, LoadProgress
from app.exchange.readers import table as peeking
from app.exchange.readers.rows import FileRefused
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.report import ImportReport
from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.log import follow, read
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import (
    HEADING,
    NOW,
    a_case,
    a_file,
    a_row,
    import_file,
    outcome,
    refused_rows,
    text_of,
    the_fold_holds,
)
from tests.extent import WHOLE, first_of, in_test_all
from tests.people import act, add_caller, add_team
from tests.waiting import PATIENCE_SECONDS

STORY = [
    *a_case("INC0001", "New", "Active", "Awaiting Vendor", "Active", "Resolved", "Closed"),
    *a_case("INC0002", "Active", "Resolved", "Active", "Closed", day=3, caller_id="Olu Adeyemi"),
    *a_case("INC0003", "Resolved", "-100", "Closed", "New", day=4, assigned_to="Wang Wei"),
]
TYPES = {
    "INC0001": ["reported", "started", "held", "resumed", "resolved", "closed"],
    "INC0002": ["reported", "started", "resolved", "reopened", "closed"],
    "INC0003": ["reported", "resolved", "observed", "closed", "reopened"],
}

#: Cases in several chunks.
MANY = 900 if WHOLE else 100

# Events by persons whom nobody has added.
STRANGERS = """
select count(*) from log.event where actor like 'person:%%'
and not exists (select from fold.person p where actor = 'person:' || p.id)"""


async def types(ledger: Ledger) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for event in (await outcome(ledger.db))[1]:
        result.setdefault(event["source_number"], []).append(event["type"].removeprefix("incident."))
    return result


async def everything(ledger: Ledger) -> dict[str, int]:
    """How many rows there are in each table that an import could write to."""
    tables = await ledger.db.rows(
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema in ('log', 'fold', 'vault', 'plumbing') and table_type = 'BASE TABLE'"
    )
    return {t["name"]: await ledger.db.value(f"select count(*) from {t['name']}") for t in tables}


def figures(report: ImportReport) -> dict[str, Any]:
    """What a report says, but for what is another each time."""
    return {name: value for name, value in asdict(report).items() if name not in ("run", "seconds")}


def many(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """Cases whose rows come mixed with one another, more than go into one chunk."""
    if not WHOLE:
        in_chunks_of(100, monkeypatch)
    rows = [
        row
        for n in range(MANY)
        for row in a_case(
            f"INC{n:07}", "New", "Active", "Resolved", day=1 + n % 27, caller_id=f"Caller {n % 90}"
        )
    ]
    assert len(rows) > 2 * load.FIRST_ROWS
    Random(7).shuffle(rows)
    return rows


def in_chunks_of(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are brought in by so many rows at a time."""
    for name in ("FIRST_ROWS", "FEWEST_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(load, name, rows)


async def test_a_file_is_told_as_its_cases_went(ledger: Ledger, tmp_path: Path) -> None:
    report = await import_file(ledger, a_file(tmp_path, STORY))
    assert (report.read, report.applied, report.repeated) == (14, 14, 0)
    assert (report.cases, report.events, report.added_persons, report.added_teams) == (3, 16, 3, 1)
    assert report.refused == {}
    assert await types(ledger) == TYPES
    states = {row["source_number"]: row["state"] for row in (await outcome(ledger.db))[0]}
    assert states == {"INC0001": "closed", "INC0002": "closed", "INC0003": "new"}
    await the_fold_holds(ledger)


async def test_who_follows_the_log_hears_when_no_more_of_the_history_comes(
    ledger: Ledger, tmp_path: Path
) -> None:
    heard = list[str]()
    async with follow.log_listener(ledger.db.url) as news:
        await import_file(ledger, a_file(tmp_path, STORY))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(heard) < 2:
                heard += await news(PATIENCE_SECONDS)
    head = await read.head(ledger.db)
    assert [int(text.partition(" ")[0]) for text in heard] == [head, head]


async def test_histories_that_do_not_fit_the_lifecycle_are_marked(ledger: Ledger, tmp_path: Path) -> None:
    report = await import_file(ledger, a_file(tmp_path, STORY))
    marked: Counter[str] = Counter()
    for event in (await outcome(ledger.db))[1]:
        marked.update(event["irregular"] or [])
    assert marked == report.irregular
    odd = {code: n for code, n in marked.items() if not code.startswith("missing:")}
    assert odd == {"from:in_progress": 1, "unknown_state": 1, "from:closed": 1}


async def test_names_become_persons_and_teams_once_and_words_are_kept_under_the_callers_key(
    ledger: Ledger, tmp_path: Path
) -> None:
    await add_team(ledger, "Desk")
    report = await import_file(ledger, a_file(tmp_path, STORY))
    assert report.added_teams == 0
    rows = await ledger.db.rows("select id, name, key_id from fold.person")
    names = await ledger.vault.texts(row["name"] for row in rows)
    by_name = {names[row["name"]]: row for row in rows}
    assert by_name.keys() == {"Li Na", "Olu Adeyemi", "Wang Wei"}
    incidents = await ledger.db.rows("select requester_id, assignee_id, description from fold.incident")
    for incident in incidents:
        requester = next(row for row in rows if row["id"] == incident["requester_id"])
        assert incident["description"].startswith(f"enc1:{requester['key_id']}:")
        assert incident["assignee_id"] in (None, by_name["Wang Wei"]["id"])
    texts = await ledger.vault.texts(incident["description"] for incident in incidents)
    assert set(texts.values()) == {"Li Na gets no mail since this morning."}
    log = await ledger.db.value("select string_agg(convert_from(data, 'UTF8'), '') from log.event")
    assert not any(name in log for name in ("Li Na", "Olu", "Wang", "this morning"))


async def test_an_import_that_is_repeated_adds_nothing(ledger: Ledger, tmp_path: Path) -> None:
    file = a_file(tmp_path, STORY)
    await import_file(ledger, file)
    before, head = await outcome(ledger.db), await read.head(ledger.db)
    again = await import_file(ledger, file)
    assert (again.read, again.applied, again.repeated, again.events, again.cases) == (14, 0, 14, 0, 0)
    assert (again.added_persons, again.added_teams) == (0, 0)
    assert (await read.head(ledger.db), await outcome(ledger.db)) == (head, before)


async def test_another_source_with_the_same_numbers_tells_of_other_cases(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = a_file(tmp_path, STORY)
    await import_file(ledger, file)
    other = await import_file(ledger, file, source="old-desk")
    assert (other.cases, other.applied, other.added_persons, other.added_teams) == (3, 14, 3, 0)
    await the_fold_holds(ledger)


@in_test_all
@pytest.mark.parametrize("rows", range(1, len(STORY)))
async def test_first_rows_and_then_the_whole_come_to_the_same(
    ledger: Ledger, elsewhere: Ledger, tmp_path: Path, rows: int
) -> None:
    total = a_file(tmp_path, STORY)
    first = await import_file(ledger, a_file(tmp_path, STORY[:rows], "first.csv"))
    rest = await import_file(ledger, total)
    assert (first.applied, rest.repeated, rest.applied) == (rows, rows, len(STORY) - rows)
    await import_file(elsewhere, total)
    assert await outcome(ledger.db) == await outcome(elsewhere.db)
    await the_fold_holds(ledger)


async def test_the_later_half_may_come_first(ledger: Ledger, elsewhere: Ledger, tmp_path: Path) -> None:
    for name, rows in (("late.csv", STORY[1::2]), ("early.csv", STORY[::2])):
        await import_file(ledger, a_file(tmp_path, rows, name))
    await import_file(elsewhere, a_file(tmp_path, STORY))
    written = ("version", "changed_at")  # by which event a field was set: of these there are more
    late, in_time = (await outcome(ledger.db))[0], (await outcome(elsewhere.db))[0]
    for row in (*late, *in_time):
        for name in written:
            del row[name]
    assert late == in_time
    await the_fold_holds(ledger)


async def test_rows_that_are_equal_are_each_told_and_none_of_them_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    file = a_file(tmp_path, [a_row(), a_row(), a_row(sys_mod_count="1"), a_row()])
    report = await import_file(ledger, file)
    assert (report.applied, report.events) == (4, 4)
    assert (await import_file(ledger, file)).repeated == 4


async def test_many_cases_that_are_mixed_are_told_in_several_chunks(
    ledger: Ledger, elsewhere: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = many(monkeypatch)
    report = await import_file(ledger, a_file(tmp_path, rows))
    assert (report.applied, report.cases) == (len(rows), MANY)
    await the_fold_holds(ledger)
    # The same in the order of their cases, so that hardly any is in two chunks.
    in_order = sorted(rows, key=lambda row: (row["number"], row["sys_updated_at"]))
    await import_file(elsewhere, a_file(tmp_path, in_order))
    states = [
        [(r["source_number"], r["state"]) for r in (await outcome(x.db))[0]] for x in (ledger, elsewhere)
    ]
    assert states[0] == states[1]


async def test_a_dry_run_says_the_same_and_writes_nothing(ledger: Ledger, tmp_path: Path) -> None:
    file = a_file(tmp_path, [*STORY, a_row(sys_updated_at="yesterday")])
    before = await everything(ledger)
    dry = await import_file(ledger, file, dry_run=True)
    assert await everything(ledger) == before
    assert figures(dry) == figures(await import_file(ledger, file))
    assert dry.applied == len(STORY)


async def test_a_refused_row_is_kept_encrypted_once_with_its_line_and_reason(
    ledger: Ledger, tmp_path: Path
) -> None:
    lines = text_of(STORY[:2]).splitlines()
    file = tmp_path / "audit.csv"
    file.write_text("\n".join([*lines, "INC0009" + "," * 30, lines[1].replace("2026-03-02 08:01", "soon")]))
    for _ in range(2):
        report = await import_file(ledger, file)
        assert report.refused == {"wrong_cells": 1, "bad_time": 1}
        assert [(line, code) for line, code, _ in report.first_refused] == [
            (4, "wrong_cells"),
            (5, "bad_time"),
        ]
    stored = await refused_rows(ledger)
    assert [(row["line"], row["code"], row["reason"]) for row in stored] == report.first_refused
    assert [row["text"].partition(",")[0] for row in stored] == ["INC0009", "INC0001"]
    assert not any(b"INC0009" in row["sealed"] for row in stored)
    runs = await ledger.db.rows(
        "select rows_read, rows_applied, rows_repeated, rows_refused, events, zone, "
        "finished_at is not null as finished from plumbing.import_run order by id"
    )
    assert [tuple(run.values()) for run in runs] == [
        (4, 2, 0, 2, 2, "UTC", True),
        (4, 0, 2, 2, 0, "UTC", True),
    ]
    # Mended, they are taken.
    file.write_text("\n".join([*lines, lines[1].replace("08:01", "08:09")]))
    assert (await import_file(ledger, file)).applied == 1


async def test_a_case_of_too_many_rows_is_told_as_far_as_that(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "LONGEST_CASE", 3)
    monkeypatch.setattr(load, "FIRST_ROWS", 3)
    report = await import_file(ledger, a_file(tmp_path, a_case("INC0001", *["New"] * 9)))
    assert report.refused["too_many_rows"] == report.read - report.applied > 0
    assert len(await refused_rows(ledger)) == report.refused.total()
    await the_fold_holds(ledger)


@each_case(
    ("text", "words"),
    first_of(
        [
            (text_of([a_row(opened_at="1/3/2026 08:00", sys_updated_at="2/3/2026 08:00")]), "--date-order"),
            (text_of([]), "no rows"),
            ("", "empty"),
            ("a,b\n1,2\n", "no column"),
        ],
        2,
    ),
)
async def test_a_file_that_is_refused_leaves_nothing_behind(
    ledger: Ledger, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "audit.csv"
    file.write_text(text)
    before = await everything(ledger)
    with pytest.raises(FileRefused, match=words):
        await import_file(ledger, file)
    assert await everything(ledger) == before


async def test_of_a_file_that_is_damaged_further_on_every_whole_chunk_before_that_is_told(
    ledger: Ledger, elsewhere: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, chunk = (2000, 100) if WHOLE else (200, 20)
    in_chunks_of(chunk, monkeypatch)
    if not WHOLE:
        monkeypatch.setattr(peeking, "PEEK_ROWS", chunk)
        monkeypatch.setattr(files, "BUFFER", 16_384)
    words = Random(7).randbytes(cases * 1000).hex()  # so that packing does not make it short
    told_of = [
        row
        for n in range(cases)
        for row in a_case(f"INC{n:07}", "New", "Active", u_remark=words[n * 2000 : n * 2000 + 2000])
    ]
    total = a_file(tmp_path, told_of)
    damaged = tmp_path / "damaged.csv.gz"
    packed = gzip.compress(total.read_bytes())
    damaged.write_bytes(packed[: len(packed) * 2 // 3])
    readable = list[object]()
    with source_file(damaged) as file, pytest.raises(FileRefused, match="damaged"):
        readable.extend(ServiceNow("UTC", NOW).read(file.block))
    row_count = len(readable) // chunk * chunk
    assert row_count > cases / 2
    with pytest.raises(FileRefused, match=f"damaged after .* The {row_count:,} rows before it were imported"):
        await import_file(ledger, damaged)
    again = await import_file(ledger, total)
    assert (again.repeated, again.applied) == (row_count, 2 * cases - row_count)
    await import_file(elsewhere, total)
    assert await outcome(ledger.db) == await outcome(elsewhere.db)


async def test_two_imports_of_one_file_at_once_tell_it_once(
    ledger: Ledger, other: Ledger, elsewhere: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(tmp_path, many(monkeypatch))
    reports = await asyncio.gather(import_file(ledger, file), import_file(other, file))
    assert sum(report.applied for report in reports) == reports[0].read
    assert [report.applied + report.repeated for report in reports] == [reports[0].read] * 2
    assert sum(report.cases for report in reports) == MANY
    await import_file(elsewhere, file)
    assert await outcome(ledger.db) == await outcome(elsewhere.db)
    await the_fold_holds(ledger)


@in_test_all
async def test_a_database_that_goes_away_on_the_way_ends_it_and_the_next_one_goes_on(
    place: DatabaseUrls,
    elsewhere: Ledger,
    administrator_url: str,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_chunks_of(100, monkeypatch)  # of which few are on their way when the first is heard of
    file = a_file(tmp_path, many(monkeypatch))
    database = sql.Identifier(urlsplit(administrator_url).path.removeprefix("/"))

    def go_away(progress: LoadProgress) -> None:
        if not progress.events:
            return  # nothing is written so far
        with psycopg.connect(administrator_url, dbname="postgres", autocommit=True) as administrator:
            administrator.execute(sql.SQL("alter database {} allow_connections false").format(database))
            administrator.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s",
                (database.as_string().strip('"'),),
            )

    async with ledgers.open_ledger(place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings) as ledger:
        with pytest.raises(ImportInterrupted, match="The database was lost after"):
            await import_file(ledger, file, progress=go_away)
    with psycopg.connect(administrator_url, dbname="postgres", autocommit=True) as administrator:
        administrator.execute(sql.SQL("alter database {} allow_connections true").format(database))
    await import_file(elsewhere, file)
    async with ledgers.open_ledger(place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings) as ledger:
        rest = await import_file(ledger, file)
        assert 0 < rest.repeated < rest.repeated + rest.applied == rest.read
        assert await outcome(ledger.db) == await outcome(elsewhere.db)
        await the_fold_holds(ledger)


async def test_who_was_erased_stays_erased_and_what_is_told_of_them_later_is_told_without_words(
    ledger: Ledger, tmp_path: Path
) -> None:
    await import_file(ledger, a_file(tmp_path, STORY[:2]))
    caller = await ledger.db.value("select distinct requester_id from fold.incident")
    await act(ledger, rule_caller("tests"), "person", "erase", caller)
    persons = await ledger.db.value("select count(*) from fold.person")
    later = a_row(sys_mod_count="9", sys_updated_at="2026-03-09 08:00:00", description="Once more.")
    report = await import_file(ledger, a_file(tmp_path, [*STORY[:2], later]))
    assert (report.applied, report.repeated, report.irregular["person_erased"]) == (1, 2, 1)
    assert (
        await ledger.db.value("select count(*) from fold.person") == persons + report.added_persons == persons
    )
    assert await ledger.db.value("select state from fold.person where id = %s", (caller,)) == "erased"
    rows = await ledger.db.rows("select data from log.told where type like 'incident.%%' order by position")
    assert "description" not in rows[-1]["data"]["given"]
    incident = await ledger.db.row("select description, requester_id from fold.incident")
    assert incident is not None
    assert incident["requester_id"] == caller
    assert await ledger.vault.texts([incident["description"]]) == {incident["description"]: None}
    await the_fold_holds(ledger)


async def test_what_was_done_here_is_not_undone_by_older_news_from_there(
    ledger: Ledger, tmp_path: Path
) -> None:
    rows = a_case("INC0001", "New", "Active")
    await import_file(ledger, a_file(tmp_path, rows[:1]))
    incident = await ledger.db.value("select id from fold.incident")
    agent = await add_caller(ledger, "Mei", Role.agent, Role.incident_manager)
    await act(ledger, agent, "incident", "acknowledge", incident)
    await import_file(ledger, a_file(tmp_path, rows))
    row = await ledger.db.row("select state, version from fold.incident")
    assert row is not None
    assert row["state"] == "acknowledged"
    await the_fold_holds(ledger)


async def test_rows_of_a_case_that_is_changed_here_meanwhile_are_counted_once(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = a_case("INC0001", "New", "Active", "Resolved")
    await import_file(ledger, a_file(tmp_path, rows[:1]))
    incident = await ledger.db.value("select id from fold.incident")
    agent = await add_caller(ledger, "Mei", Role.agent, Role.incident_manager)
    prepare, prepared = ChunkBuilder.prepare, Counter[str]()

    async def change_it_then(self: ChunkBuilder, read: list[ImportRow]) -> Chunk:
        chunk = await prepare(self, read)
        prepared["chunks"] += 1
        if prepared["chunks"] == 1:
            await act(ledger, agent, "incident", "acknowledge", incident)
        return chunk

    monkeypatch.setattr(ChunkBuilder, "prepare", change_it_then)
    report = await import_file(ledger, a_file(tmp_path, rows))
    assert prepared["chunks"] == 2, "it was prepared again, on what the case had become"
    assert (report.read, report.repeated, report.applied) == (3, 1, 2)
    await the_fold_holds(ledger)


async def test_columns_that_nobody_knows_are_encrypted_and_make_no_difference(
    ledger: Ledger, tmp_path: Path
) -> None:
    heading = (*HEADING, "u_secret")
    file = tmp_path / "audit.csv"
    file.write_text(text_of([a_row(u_secret="Li Na is ill")], heading))
    await import_file(ledger, file)
    values = await ledger.db.value("select data->'given' from log.told where type = 'incident.reported'")
    assert values["u_secret"].startswith("enc1:")
    assert (await ledger.vault.texts([values["u_secret"]]))[values["u_secret"]] == "Li Na is ill"


@in_test_all
async def test_a_dry_run_that_loses_sight_of_cases_says_so(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_cache, "LARGEST_CACHE", MANY * 5 // 9)
    each_in_its_order = sorted(many(monkeypatch), key=itemgetter("sys_mod_count"))
    file = a_file(tmp_path, each_in_its_order)
    dry = await import_file(ledger, file, dry_run=True)
    wet = await import_file(ledger, file)
    assert (dry.estimated, wet.estimated) == (True, False)
    assert dry.cases > wet.cases == MANY
    assert dry.applied == wet.applied
    await the_fold_holds(ledger)


@pytest.mark.parametrize("first_rows", first_of([5, load.FIRST_ROWS, 2], 1))
async def test_a_case_that_the_database_will_not_have_is_refused_and_all_others_are_told(
    ledger: Ledger, place: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first_rows: int
) -> None:
    monkeypatch.setattr(load, "FIRST_ROWS", first_rows)
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("alter table fold.incident add constraint no_poison check (title <> 'Poison')")
    poison = a_case("INC0002", "New", "Active", short_description="Poison", sys_updated_by="Bo")
    file = a_file(tmp_path, [*STORY[:4], *poison, *a_case("INC0003", "New", day=4, sys_updated_by="Bo")])
    report = await import_file(ledger, file)
    assert report.refused == {"rejected": 2}
    assert "no_poison" in report.first_refused[0][2]
    assert [line for line, _, _ in report.first_refused] == [6, 7]
    assert [row["text"].partition(",")[0] for row in await refused_rows(ledger)] == ["INC0002"] * 2
    assert set(await types(ledger)) == {"INC0001", "INC0003"}
    assert await ledger.db.value(STRANGERS) == 0
    await the_fold_holds(ledger)
    # Every row is accounted for, also where the chunk that told of repeated ones came to nothing.
    same = await import_file(ledger, file)
    assert (same.applied, same.repeated, same.refused, same.read) == (0, 5, {"rejected": 2}, 7)
    # What was wrong is mended: it is told, and nothing else again.
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("alter table fold.incident drop constraint no_poison")
    again = await import_file(ledger, file)
    assert (again.applied, again.repeated, again.cases) == (2, 5, 1)


@pytest.mark.parametrize("seconds_per_row", [0.0001, 0.00004, 0.0005])
def test_chunks_come_to_the_size_that_holds_the_head_as_long_as_it_may_be_held_and_keep_it(
    seconds_per_row: float,
) -> None:
    fits = load.TARGET_HOLD_SECONDS / seconds_per_row
    size, on_their_way, sizes = FIRST_ROWS, [FIRST_ROWS, FIRST_ROWS], list[int]()
    for _ in range(30):
        on_their_way.append(size)
        written = on_their_way.pop(0)
        size = load.next_batch_size(size, written, written * seconds_per_row)
        sizes.append(size)
    assert all(abs(size - fits) < fits / 10 for size in sizes[-20:])


def test_a_chunk_of_which_all_was_told_before_makes_the_next_one_no_smaller() -> None:
    assert load.next_batch_size(1_000, 1_000, 0.0) > 1_000


@in_test_all
async def test_the_planner_knows_how_large_tables_are_as_soon_as_a_history_is_through(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Autovacuum comes by a minute later, and until then creating was half as fast."""
    cases = 300
    rows = [row for n in range(cases) for row in a_case(f"INC{n:07}", "New", "Active", "Resolved", day=2)]
    await import_file(ledger, a_file(tmp_path, rows))
    for table in ("log.event", "log.stream_head", "fold.incident"):
        expected = "select reltuples::bigint from pg_class where oid = %s::regclass"
        present = await ledger.db.value(f"select count(*) from {table}")
        assert await ledger.db.value(expected, (table,)) == present >= cases, table
