"""Answers from columns are those from PostgreSQL alone, whatever has changed since the export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import pytest

from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.column_exports.exporting import export_facts
from app.kpis.columns import manifest as manifests
from app.kpis.columns.manifest import Manifest
from app.kpis.columns.mirror import FactsMirror, Generation, answering_by
from app.kpis.columns.relations import RELATIONS, file_name, has_cells, is_answered
from app.kpis.declaration.dimensions import Dimension
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import reconcile
from app.log.follow import catch_up
from app.log.remake import remake
from app.platform.db import fetch_value
from tests.cuts import at_random, followers, one_by_one
from tests.extent import first_of, in_test_all
from tests.kpis.columns.conftest import NOW, asked, unlike
from tests.kpis.conftest import Books
from tests.kpis.histories import histories, write_more
from tests.kpis.kinds import aggregate_of, kind_of
from tests.selection import selected

WITH_CELLS = selected("columns", [key for key, kpi in KPIS.items() if has_cells(kpi)], kind_of)
ANSWERED = [key for key in WITH_CELLS if is_answered(KPIS[key])]
POSITION = "select position from log.checkpoint where consumer = 'kpi'"
LOSE_ONE = "delete from kpi.incident_opened where case_id = (select case_id from kpi.incident_opened limit 1)"
CHANGED = "select count(distinct case_id) from kpi.changed_case"
NOTE_ALL = """
insert into kpi.changed_case (case_id, position)
select case_id, (select max(position) from log.checkpoint where consumer = 'kpi') from (
  select case_id from kpi.incident_opened union all select case_id from kpi.request_opened
  union all select case_id from kpi.problem_opened union all select case_id from kpi.change_started
) every"""


@pytest.fixture(scope="module")
async def exported(books: Books, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A folder with an export of the facts."""
    folder = tmp_path_factory.mktemp("export")
    return folder, await export_facts(books.url, folder, NOW, noted=True)


async def test_an_export_has_every_fact_and_says_what_it_holds(
    books: Books, exported: tuple[Path, Manifest]
) -> None:
    folder, manifest = exported
    assert manifests.read(folder) == manifest
    assert manifest.position == len(books.events) == manifest.checkpoints["kpi"]
    assert dict(manifests.described_files(folder / manifest.folder)) == manifest.files
    for relation in RELATIONS:
        number = await fetch_value(books.connection, f"select count(*) from {relation} where isfinite(at)")
        assert manifest.relations[relation].rows == number
        if number:
            pattern = folder / manifest.folder / file_name(relation) / "*" / "*.parquet"
            rows = duckdb.sql(f"select count(*), min(typeof(case_id)) from read_parquet('{pattern}')")
            assert rows is not None
            assert rows.fetchall() == [(number, "VARCHAR")]  # Spark refuses ids of Parquet's type
    assert sum(relation.rows > 0 for relation in manifest.relations.values()) > 40


async def test_every_cell_of_every_kpi_is_the_same(books: Books, exported: tuple[Path, Manifest]) -> None:
    """Of one KPI of each kind, in every cut; `make test` tries one of each aggregate, in one cut."""
    keys = selected("cells", WITH_CELLS, aggregate_of)
    questions = [
        asked(key, *by)
        for key in keys
        for by in first_of(((), *((d.value,) for d in KPIS[key].dimensions)), 2)
    ]
    questions += [asked(key, grain="day", zone="America/New_York") for key in first_of(keys, 4)]
    differing, mirror = await unlike(books.db, exported[0], questions)
    assert differing == []
    assert mirror.answers["columns"] > len(questions)  # the period before is a question of its own
    assert set(mirror.answers) == {"columns"}


class _WithIdsAsText(FactsMirror):
    """Facts as an engine gives them that has no ids, as Spark has none, and that answers alone."""

    answers_alone = True

    async def rows(
        self, generation: Generation, text: str, parameters: dict[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        rows = await super().rows(generation, text, parameters)
        return [tuple(str(cell) if isinstance(cell, UUID) else cell for cell in row) for row in rows]


@in_test_all
async def test_an_engine_without_ids_gives_the_same_cells_and_counts(books: Books, tmp_path: Path) -> None:
    await export_facts(books.url, tmp_path, NOW, noted=True)
    questions = [asked(key, "team") for key in WITH_CELLS if Dimension.team in KPIS[key].dimensions]
    alone = [(await answer(books.db, question, NOW)).points for question in questions]
    engine = _WithIdsAsText(tmp_path, least_rows=0)
    engine.open_newest()
    try:
        with answering_by(engine):
            assert [(await answer(books.db, question, NOW)).points for question in questions] == alone
    finally:
        engine.close()
    assert set(engine.answers) == {"columns"}


@in_test_all
@pytest.mark.parametrize("piece", first_of([at_random, one_by_one], 1))
async def test_what_changes_after_the_export_is_as_fresh_as_without(
    few_own_books: Books, tmp_path: Path, piece: type
) -> None:
    books = few_own_books
    head = await fetch_value(books.connection, "select position from log.head")
    questions = [asked(key) for key in (ANSWERED if piece is at_random else ANSWERED[::4])]
    async with followers(books.url, FACTS) as following:
        await following.begin(head - (40 if piece is one_by_one else 900))
        await export_facts(books.url, tmp_path, NOW, noted=True)
        lengths, done = (
            piece(),
            await fetch_value(books.connection, "select position from log.checkpoint where consumer = 'kpi'"),
        )
        while done < head:
            done = min(done + next(lengths), head)
            await following.take(done)
    assert await fetch_value(books.connection, CHANGED) > 10
    differing, mirror = await unlike(books.db, tmp_path, questions)
    assert differing == []
    assert set(mirror.answers) == {"columns"}
    # All cases have changed since, and others have come.
    await write_more(books.connection, histories(seed=8, cases=3), 2030)
    await catch_up(books.connection, FACTS)
    await books.connection.execute(NOTE_ALL.encode())
    differing, mirror = await unlike(books.db, tmp_path, questions)
    assert differing == []
    assert set(mirror.answers) == {"columns"}
    # The reconciliation compares both, and finds a fact that was changed by nobody who notes it.
    times: dict[str, Any] = {"zone": ZoneInfo("UTC"), "now": NOW}
    await export_facts(books.url, tmp_path, NOW, noted=True)
    report = await reconcile(books.url, **times, keys=["incidents_opened"], columns=tmp_path)
    assert (report.differences, report.compared > 100) == ([], True)
    await books.connection.execute(LOSE_ONE.encode())
    report = await reconcile(books.url, **times, keys=["incidents_opened"], columns=tmp_path)
    assert "columns: cases" in {difference.figure for difference in report.differences}
    # A later export forgets what the one before had to know, which is not answered from any more.
    await write_more(books.connection, histories(seed=9, cases=1), 2031)
    await catch_up(books.connection, FACTS)
    await export_facts(books.url, tmp_path / "later", NOW, noted=True)
    differing, mirror = await unlike(books.db, tmp_path, questions[:3])
    assert (differing, set(mirror.answers)) == ([], {"old"})
    await export_facts(books.url, tmp_path, NOW, noted=True)
    # Facts made anew beside are others, even if they say the same.
    await remake(books.administrator_url, FACTS)
    differing, mirror = await unlike(books.db, tmp_path, questions[:3])
    assert (differing, set(mirror.answers)) == ([], {"old"})
    await export_facts(books.url, tmp_path, NOW, noted=True)
    differing, mirror = await unlike(books.db, tmp_path, questions[:3])
    assert (differing, set(mirror.answers)) == ([], {"columns"})
