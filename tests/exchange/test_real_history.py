"""Real histories: the UCI log of incidents, whole, in pieces, and in the dialect of a spreadsheet."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import pytest

from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.log import read
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests import extent
from tests.conftest import RealHistory, Server, fresh
from tests.exchange.servicenow_files import SAMPLE, SAMPLE_ROWS, WHOLE, import_file, outcome, the_fold_holds
from tests.extent import ALL_EXAMPLES, in_soak, in_test_all

INCIDENTS = "select state, count(*) from fold.incident group by state"


@pytest.fixture
async def whole_ledger(real_history: RealHistory, settings: Settings) -> AsyncIterator[Ledger]:
    """A ledger with the whole history."""
    place, secrets = real_history.place, real_history.secrets_dir
    async with ledgers.open_ledger(place.url, secrets, LIFECYCLES_BY_KIND, settings) as opened:
        yield opened


def beginning(real_data: Path, tmp_path: Path, count: int, file: str = WHOLE) -> Path:
    """The heading and so many rows of the whole, or of another file."""
    path = tmp_path / f"first_{count}_of_{file}.csv"
    with (
        gzip.open(real_data / file, "rt", encoding="utf-8", newline="") as rows,
        path.open("w", encoding="utf-8", newline="") as first,
    ):
        first.writelines(islice(rows, count + 1))
    return path


@pytest.fixture
def first_rows(real_data: Path, tmp_path: Path) -> Path:
    """As many rows as the sample has."""
    return beginning(real_data, tmp_path, SAMPLE_ROWS)


async def states(ledger: Ledger) -> dict[str, int]:
    return {row["state"]: row["count"] for row in await ledger.db.rows(INCIDENTS)}


@in_test_all
async def test_the_whole_is_there_and_every_row_equals_the_fold(whole_ledger: Ledger) -> None:
    run = await whole_ledger.db.row("select * from plumbing.import_run")
    assert run is not None
    assert (run["rows_read"], run["rows_applied"]) == (141_712, 141_712)
    assert (run["rows_refused"], run["rows_repeated"]) == (0, 0)
    never_new = 8_521  # of these the first row tells two events: how it opened, and where it stood
    earlier_than_those_before = 1  # by which the opening is known then: it is told again
    assert run["events"] == 141_712 + never_new + earlier_than_those_before
    assert await states(whole_ledger) == {"closed": 24_918}
    assert await whole_ledger.db.value("select count(distinct source_ref) from log.event") == 141_712
    await the_fold_holds(whole_ledger)


@in_test_all
async def test_its_oddities_are_kept_and_marked(whole_ledger: Ledger) -> None:
    marked = await whole_ledger.db.rows(
        "select code, count(*) from log.told, jsonb_array_elements_text(data->'irregular') as code "
        "where code not like 'missing:%%' group by code"
    )
    by_code = {row["code"]: row["count"] for row in marked}
    assert by_code["unknown_state"] == 5
    # Closed without having been resolved, and back from an end to where no row leads.
    assert by_code["from:new"] == 11
    assert by_code["from:resolved"] == 2


@in_test_all
async def test_imported_again_it_adds_nothing_nor_does_the_sample(
    whole_ledger: Ledger, first_rows: Path, real_data: Path
) -> None:
    head = await read.head(whole_ledger.db)
    same = (real_data / WHOLE, 141_712) if ALL_EXAMPLES else (first_rows, SAMPLE_ROWS)
    for path, rows in (same, (real_data / SAMPLE, SAMPLE_ROWS)):
        again = await import_file(whole_ledger, path)
        assert (again.read, again.repeated, again.applied) == (rows, rows, 0)
        assert (again.events, again.added_persons, again.added_teams) == (0, 0, 0)
    assert await read.head(whole_ledger.db) == head


async def test_the_sample_and_the_first_rows_are_the_same(
    ledger: Ledger, real_data: Path, tmp_path: Path
) -> None:
    count = SAMPLE_ROWS if extent.WHOLE else 1_000
    sample, first = (beginning(real_data, tmp_path, count, file) for file in (SAMPLE, WHOLE))
    report = await import_file(ledger, sample)
    assert report.applied == count
    if count == SAMPLE_ROWS:
        references = json.loads((real_data / "reference" / "uci_incident_prefix.json").read_text())
        reference = references["prefix_5998"]
        assert report.cases == reference["incidents"]
        assert await states(ledger) == {state.lower(): n for state, n in reference["last_state"].items()}
    for path in (first, sample):
        again = await import_file(ledger, path)
        assert (again.read, again.repeated, again.applied) == (count, count, 0)
        assert (again.events, again.added_persons, again.added_teams) == (0, 0, 0)
    await the_fold_holds(ledger)


@in_test_all
async def test_the_sample_and_then_more_come_to_what_more_alone_comes_to(
    ledger: Ledger, server: Server, settings: Settings, first_rows: Path, real_data: Path, tmp_path: Path
) -> None:
    more = beginning(real_data, tmp_path, SAMPLE_ROWS + 3_000)
    for path in (real_data / SAMPLE, first_rows, more):
        await import_file(ledger, path)
    with fresh(server) as place:
        async with ledgers.open_ledger(place.url, tmp_path / "alone", LIFECYCLES_BY_KIND, settings) as alone:
            await import_file(alone, more)
            assert await outcome(ledger.db) == await outcome(alone.db)
    await the_fold_holds(ledger)


@in_soak
async def test_the_sample_and_then_the_whole_come_to_the_whole(
    ledger: Ledger, whole_ledger: Ledger, first_rows: Path, real_data: Path
) -> None:
    for path in (real_data / SAMPLE, first_rows, real_data / WHOLE):
        await import_file(ledger, path)
    assert await outcome(ledger.db) == await outcome(whole_ledger.db)
    await the_fold_holds(ledger)
