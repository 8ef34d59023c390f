"""Exports are content or not there, and what is missing, damaged or slow is asked of PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.kpis.column_exports import exporting
from app.kpis.column_exports.exporting import FactsExportRefused, export_facts
from app.kpis.column_exports.object_stores import export_to_store
from app.kpis.column_exports.renewing import is_due
from app.kpis.columns import manifest as manifests
from app.kpis.columns import mirror as mirrors
from app.kpis.columns.manifest import NAME, TABLES_FILE, ExportDamaged, Manifest
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from tests.extent import in_test_all
from tests.kpis.columns.conftest import NOW, asked, unlike
from tests.kpis.conftest import Books
from tests.kpis.histories import histories, write_more
from tests.waiting import until

QUESTIONS = [asked("incidents_opened"), asked("incident_resolution_seconds", "priority")]
#: Exports to the folder, and stops where the files are written and the manifest is not.
STOPPED = """
import asyncio, sys, time
from datetime import UTC, datetime
from pathlib import Path
from app.kpis.column_exports import exporting
def stop(*_):
    print("stopped", flush=True)
    time.sleep(60)
exporting._publish = stop
asyncio.run(exporting.export_facts(sys.argv[1], Path(sys.argv[2]), datetime.now(UTC), noted=True))
"""


@in_test_all
async def test_an_export_that_is_killed_leaves_the_one_before(few_own_books: Books, tmp_path: Path) -> None:
    books = few_own_books
    manifest = await export_facts(books.url, tmp_path, NOW, noted=True)
    await write_more(books.connection, histories(seed=8, cases=2), 2030)
    await catch_up(books.connection, FACTS)
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STOPPED, books.url, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"stopped\n"
    with pytest.raises(FactsExportRefused, match="Another export"):
        await export_facts(books.url, tmp_path / "another", NOW, noted=False)
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    assert manifests.read(tmp_path) == manifest
    differing, mirror = await unlike(books.db, tmp_path, QUESTIONS)
    assert (differing, set(mirror.answers)) == ([], {"columns"})

    async def export() -> Manifest | None:
        with suppress(FactsExportRefused):  # until PostgreSQL has noticed
            return await export_facts(books.url, tmp_path, NOW, noted=True)
        return None

    later = await until(export)
    assert later.position > manifest.position
    # What was left is removed; the export before is kept for whoever reads it still.
    assert set(os.listdir(tmp_path)) == {manifest.folder, later.folder, NAME}


@in_test_all
async def test_what_cannot_be_read_is_asked_of_postgresql(
    few_own_books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = few_own_books

    async def reasons(folder: Path) -> set[str]:
        with capture_logs() as lines:
            differing, mirror = await unlike(books.db, folder, QUESTIONS)
        assert differing == []
        logged.extend(line["why"] for line in lines)
        return set(mirror.answers)

    logged: list[str] = []
    assert await reasons(tmp_path) == {"missing"}
    manifest = await export_facts(books.url, tmp_path, NOW, noted=True)
    assert await reasons(tmp_path) == {"columns"}
    with monkeypatch.context() as hurried:
        hurried.setattr(mirrors, "ANSWER_SECONDS", 0.0)
        assert await reasons(tmp_path) == {"slow"}
    assert not logged
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "duckdb", None)
        assert await reasons(tmp_path) == {"missing"}
    assert "ledgerdesk[columns]" in logged.pop()
    file = tmp_path / manifest.folder / TABLES_FILE
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert await reasons(tmp_path) == {"missing"}
    assert "differs from the manifest" in logged.pop()
    shutil.rmtree(tmp_path / manifest.folder)
    assert await reasons(tmp_path) == {"missing"}
    assert "cannot be read" in logged.pop()
    (tmp_path / NAME).write_text("{}")
    assert await reasons(tmp_path) == {"missing"}
    assert "no manifest" in logged.pop()


@in_test_all
async def test_a_worker_exports_when_there_is_none_and_when_much_has_changed(
    few_own_books: Books, tmp_path: Path
) -> None:
    books = few_own_books
    now = NOW
    assert await is_due(books.connection, tmp_path, 1, now)
    await export_facts(books.url, tmp_path, NOW, noted=True)
    assert not await is_due(books.connection, tmp_path, 1, now)
    await write_more(books.connection, histories(seed=8, cases=2), 2030)
    await catch_up(books.connection, FACTS)
    assert await is_due(books.connection, tmp_path, 1, now)
    assert not await is_due(books.connection, tmp_path, 1_000, now)
    assert await is_due(books.connection, tmp_path, 1_000, NOW.replace(year=2200))
    # Another export is answered from now, so nobody knows what has changed since this one.
    await export_facts(books.url, tmp_path / "another", NOW, noted=True)
    assert await is_due(books.connection, tmp_path, 1_000, now)


async def test_a_store_of_objects_gets_the_manifest_last(books: Books, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="needs fsspec: it writes to object stores")
    manifest = await export_to_store(books.url, "memory://facts", NOW)
    store = fsspec.filesystem("memory")
    assert manifests.parse(store.cat_file("/facts/manifest.json")) == manifest
    assert {f"/facts/{manifest.folder}/{name}" for name in manifest.files} == set(
        store.find(f"/facts/{manifest.folder}")
    )


def test_a_manifest_of_another_format_is_refused() -> None:
    with pytest.raises(ExportDamaged, match="not the manifest"):
        manifests.parse("[]")
    assert exporting.PREFIX == "facts-"
