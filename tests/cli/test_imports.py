"""`ledgerdesk import`: what it says, what it refuses and with which exit code, and how it goes on."""

from __future__ import annotations

import gzip
import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psycopg
import pytest

from app.kernel import ledger as ledgers
from app.log import read
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.cli.conftest import Run, environment
from tests.conftest import DatabaseUrls, Server, fresh
from tests.exchange.servicenow_files import a_case, a_file, a_row, outcome, text_of, the_fold_holds
from tests.extent import first_of, in_test_all
from tests.forked import Forked, Forking
from tests.waiting import PATIENCE_SECONDS, Blocked, until

STORY = [
    *a_case("INC0001", "New", "Active", "Resolved", "Closed"),
    *a_case("INC0002", "Active", "Resolved", day=3, caller_id="Olu Adeyemi"),
]
MAPPING = """process = "incident"
source = "desk"
case = "id"
at = "at"
[state]
values = { open = "new" }
column = "s"
"""
EVENT = {"id": "2", "at": "2026-03-02T08:00:00+02:00", "s": "open"}
BROKEN = a_row(number="INC0009", sys_updated_at="this morning")


def test_an_import_says_what_became_of_the_file(run: Run, tmp_path: Path) -> None:
    file = a_file(tmp_path, [*STORY, BROKEN])
    ended = run("import", "servicenow", str(file), "--zone", "UTC")
    assert ended.returncode == 1, "more than a tenth is refused"
    assert "audit.csv: 7 rows" in ended.stdout
    assert "No worker is running, so the KPIs do not include it yet." in ended.stdout
    assert "6 rows: 7 events, 2 new cases" in ended.stdout
    assert "3 people, 1 teams" in ended.stdout
    assert "missing:resolution_code" in ended.stdout
    assert "8     bad_time  the value in sys_updated_at is not a time" in ended.stdout
    assert "stored, encrypted, in the table plumbing.refused_row" in ended.stdout
    again = run("import", "servicenow", str(file), "--zone", "UTC", "--allow-refused")
    assert (again.returncode, "known before   6 rows" in again.stdout) == (0, True)


def test_programs_get_one_document(run: Run, place: DatabaseUrls, tmp_path: Path) -> None:
    file = a_file(tmp_path, [*STORY, BROKEN])
    arguments = (
        "import",
        "servicenow",
        str(file),
        "--zone",
        "Asia/Shanghai",
        "--source",
        "old.desk",
        "--json",
    )
    dry, wet = (json.loads(run(*arguments, *more).stdout) for more in (("--dry-run",), ()))
    assert (dry["dry_run"], wet["dry_run"]) == (True, False)
    for document in (dry, wet):
        assert document["rows"] == {"read": 7, "applied": 6, "repeated": 0, "refused": 1}
        assert (document["cases"], document["events"]) == (2, 7)
        assert (document["persons"], document["teams"]) == (3, 1)
        assert (document["source"], document["zone"]) == ("old.desk", "Asia/Shanghai")
        assert document["refused"] == {"bad_time": 1}
        assert [row["line"] for row in document["first_refused"]] == [8]
    assert (dry["kpis"], wet["kpis"]) == (None, "no_worker")
    with psycopg.connect(place.url) as connection:
        runs = connection.execute(
            "select id::text, source, zone, file_name from plumbing.import_run"
        ).fetchall()
        sources = connection.execute("select distinct source from log.event").fetchall()
    assert runs == [(wet["run"], "old.desk", "Asia/Shanghai", "audit.csv")]
    assert sources == [("import:old.desk",)]


def test_a_mapping_explains_any_table_and_any_event_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "desk.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "desk.csv").write_text("id,at,s\n1,2026-03-02 08:00:00,open\n", encoding="utf-8")
    event = "".join(f'<string key="{key}" value="{value}"/>' for key, value in EVENT.items())
    (tmp_path / "desk.xes").write_text(f"<log><trace><event>{event}</event></trace></log>", encoding="utf-8")
    mapping = ("--mapping", str(tmp_path / "desk.toml"))
    for kind, more in (("csv", ("--zone", "UTC")), ("xes", ())):
        ended = run("import", kind, str(tmp_path / f"desk.{kind}"), *mapping, *more)
        assert ended.returncode == 0, ended.stderr
        assert "1 rows: 1 events, 1 new cases" in ended.stdout


def test_a_mapping_that_is_wrong_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "desk.csv").write_text("id,at,s\n1,2026-03-02 08:00:00Z,open\n", encoding="utf-8")
    for text, code, message in (
        (MAPPING.replace('"new"', '"nwe"'), 4, "line 6, state.values.open.state: 'nwe' is unknown"),
        (MAPPING.replace('source = "desk"', ""), 2, "enter the name of the other system here"),
        (MAPPING.replace('"desk"', '"The Desk"'), 4, "'The Desk' cannot name a source"),
        (MAPPING.replace('"at"', '"time"'), 4, "The heading has no column 'time' (at of the mapping)"),
    ):
        (tmp_path / "desk.toml").write_text(text, encoding="utf-8")
        ended = run("import", "csv", str(tmp_path / "desk.csv"), "--mapping", str(tmp_path / "desk.toml"))
        assert ended.returncode == code, ended.stderr
        assert message in " ".join(ended.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    first_of(
        [
            (["missing.csv", "--zone", "UTC"], "does not exist"),
            (["audit.csv", "--zone", "Mars/Olympus"], "'Mars/Olympus' is not the name of a time zone"),
            (["audit.csv", "--zone", "UTC", "--source", "Our Desk"], "'Our Desk' cannot name a source"),
            (["", "--zone", "UTC"], "is a directory"),
            (["audit.csv"], "--zone"),
            (["audit.csv", "--zone", "CET+1"], "'CET+1' is not the name of a time zone"),
            (["audit.csv", "--zone", ""], "is not the name of a time zone"),
            (["audit.csv", "--zone", "UTC", "--date-order", "ydm"], "ydm"),
            (
                ["audit.csv", "--zone", "UTC", "--encoding", "ebcdic"],
                "windows-1252, latin-1, gb18030, utf-16",
            ),
        ],
        3,
    ),
    ids=str,
)
def test_wrong_use_is_said_before_anything_is_read(
    run: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    a_file(tmp_path, STORY)
    # There is no database: it is not asked either.
    ended = run(
        "import",
        "servicenow",
        str(tmp_path / arguments[0]),
        *arguments[1:],
        database_url="postgresql://127.0.0.1:1/x",
    )
    assert ended.returncode == 2
    assert words in " ".join(ended.stderr.replace("│", " ").split())


def zipped(folder: Path, *names: str) -> Path:
    path = folder / "audit.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, text_of(STORY))
    return path


def plain(body: bytes) -> Callable[[Path], Path]:
    def written(folder: Path) -> Path:
        path = folder / "audit.csv"
        path.write_bytes(body)
        return path

    return written


TEXT = text_of(STORY).encode()
AMBIGUOUS = text_of([a_row(opened_at="1/3/2026 08:00", sys_updated_at="2/3/2026 08:00")]).encode()


@pytest.mark.parametrize(
    ("written", "words"),
    first_of(
        [
            pytest.param(plain(b""), "The file is empty.", id="empty"),
            pytest.param(
                lambda folder: zipped(folder, "one.csv", "two.csv"), "contains 2 files", id="two in one"
            ),
            pytest.param(plain(AMBIGUOUS), "--date-order dmy or --date-order mdy", id="dates"),
            pytest.param(
                plain(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 40),
                "The heading in line 1 cannot be read",
                id="binary",
            ),
            pytest.param(
                plain(b"Dear all, this is no table.\n"), "The heading has no column number", id="prose"
            ),
            pytest.param(
                plain(b"number,state\n1,2\n"),
                "The heading has no column sys_updated_at or sys_updated_on",
                id="columns",
            ),
            pytest.param(plain(b'"number,state\n'), "The heading has no column number", id="quotes"),
            pytest.param(plain(TEXT.splitlines()[0]), "The file has a heading and no rows.", id="heading"),
            pytest.param(plain(gzip.compress(TEXT)[:-30]), "The file is damaged", id="cut"),
            pytest.param(plain(b"\x1f\x8bno gzip at all"), "The file is damaged", id="gzip"),
            pytest.param(plain(b"PK\x03\x04no zip at all"), "cannot be opened", id="zip"),
        ],
        3,
    ),
)
def test_a_file_that_cannot_be_taken_is_refused_in_words(
    run: Run, place: DatabaseUrls, tmp_path: Path, written: Callable[[Path], Path], words: str
) -> None:
    ended = run("import", "servicenow", str(written(tmp_path)), "--zone", "UTC")
    assert (ended.returncode, ended.stdout) == (4, "")
    assert words in ended.stderr
    with psycopg.connect(place.url) as connection:
        assert connection.execute("select position from log.head").fetchone() == (0,)
        assert connection.execute("select count(*) from plumbing.import_run").fetchone() == (0,)


@in_test_all
def test_a_file_is_read_as_it_is_packed(run: Run, tmp_path: Path) -> None:
    packed = tmp_path / "audit.csv.gz"
    packed.write_bytes(gzip.compress(TEXT))
    assert "new            6 rows" in run("import", "servicenow", str(packed), "--zone", "UTC").stdout
    archive = zipped(tmp_path, "audit.csv", "__MACOSX/audit.csv")
    assert "known before   6 rows" in run("import", "servicenow", str(archive), "--zone", "UTC").stdout


@in_test_all
def test_a_file_in_another_encoding_is_said_to_be_so_and_read_as_that(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    file.write_bytes(text_of([a_row(assignment_group="服务台")]).encode("gb18030"))
    wrong = run("import", "servicenow", str(file), "--zone", "UTC")
    assert (wrong.returncode, "the row is not utf-8" in wrong.stdout) == (4, True)
    assert (
        "Most of them look like gb18030: use --encoding gb18030, or save the file as UTF-8." in wrong.stdout
    )
    right = run("import", "servicenow", str(file), "--zone", "UTC", "--encoding", "gb18030")
    assert (right.returncode, "new            1 rows" in right.stdout) == (0, True)


def test_a_file_in_utf_16_is_recognised(run: Run, tmp_path: Path) -> None:
    file = plain(TEXT.decode().encode("utf-16"))(tmp_path)
    ended = run("import", "servicenow", str(file), "--zone", "UTC")
    assert (ended.returncode, f"new            {len(STORY)} rows" in ended.stdout) == (0, True), ended.stdout


def test_only_if_every_row_is_refused_the_command_fails(run: Run, tmp_path: Path) -> None:
    ended = run("import", "servicenow", str(a_file(tmp_path, [BROKEN] * 30)), "--zone", "UTC")
    assert ended.returncode == 4
    assert "refused        30 rows" in ended.stdout
    assert "bad_time  the value in" in ended.stdout


@in_test_all
def test_the_order_of_dates_can_be_said(run: Run, place: DatabaseUrls, tmp_path: Path) -> None:
    file = plain(AMBIGUOUS)(tmp_path)
    assert run("import", "servicenow", str(file), "--zone", "UTC", "--date-order", "mdy").returncode == 0
    with psycopg.connect(place.url) as connection:
        assert connection.execute("select opened_at::date::text from fold.incident").fetchone() == (
            "2026-01-03",
        )


def test_without_a_database_there_is_no_import(run: Run, tmp_path: Path) -> None:
    ended = run(
        "import",
        "servicenow",
        str(a_file(tmp_path, STORY)),
        "--zone",
        "UTC",
        database_url="postgresql://nobody:hunter2@127.0.0.1:1/nothing",
    )
    assert (ended.returncode, "hunter2" in ended.stderr) == (3, False)


# What ends an import on the way


@pytest.fixture
def in_one_go(server: Server, run: Run, tmp_path: Path) -> Iterator[Callable[[Path], DatabaseUrls]]:
    """Imports a file into a database of its own."""
    with fresh(server) as place:

        def imported(file: Path) -> DatabaseUrls:
            ended = run(
                "import", "servicenow", str(file), "--zone", "UTC",
                database_url=place.url, secrets_dir=str(tmp_path / "elsewhere"),
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr
            return place

        yield imported


End = Callable[[Forked, str], None]


def lost(process: Forked, administrator_url: str) -> None:
    with psycopg.connect(administrator_url, autocommit=True) as administrator:
        administrator.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() "
            "and query like '%log.append_history%'"
        )


@contextmanager
def started(by: Forking, place: DatabaseUrls, folder: Path, *arguments: str) -> Iterator[Forked]:
    """A command on its way, that is surely gone afterwards."""
    variables = environment(database_url=place.url, secrets_dir=str(folder / "secrets"))
    process = by.start(*arguments, environment=variables, log=folder / "said")
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def sent(number: signal.Signals) -> End:
    return lambda process, _: os.kill(process.pid, number)


AGAIN = "Start the same import again to continue from there."
#: How an import may end, with its exit code and what it says; `make test` tries two of them.
ENDS = (
    pytest.param(sent(signal.SIGKILL), -signal.SIGKILL, "", id="killed"),
    pytest.param(sent(signal.SIGINT), 130, AGAIN, id="interrupted"),
    pytest.param(sent(signal.SIGTERM), 143, "", id="terminated"),
    pytest.param(lost, 3, AGAIN, id="database lost"),
)


@pytest.mark.parametrize(("end", "code", "words"), first_of(ENDS, 1))
async def test_an_import_that_ended_on_the_way_goes_on_as_if_nothing_had_been(
    run: Run,
    place: DatabaseUrls,
    administrator_url: str,
    forking: Forking,
    in_one_go: Callable[[Path], DatabaseUrls],
    tmp_path: Path,
    settings: Settings,
    end: End,
    code: int,
    words: str,
) -> None:
    # More rows than the first chunk has (1,000) and the second one can have (half as many again).
    rows = [r for n in range(900) for r in a_case(f"INC{n:07}", "New", "Active", "Resolved", day=1 + n % 27)]
    Random(3).shuffle(rows)
    file = a_file(tmp_path, rows)
    # The reader brings cases in the order of their numbers, so that this one is in the second chunk, which
    # waits for us however slow this process is. If the import is killed, PostgreSQL still writes that chunk.
    block = (
        "insert into fold.external_reference (id, version, changed_at, record, kind, source, key) values "
        "(gen_random_uuid(), 1, now(), 'incident/none', 'incident', 'servicenow', 'INC0000400')"
    )
    arguments = ("import", "servicenow", str(file), "--zone", "UTC")
    async with Blocked(place.owner_url, block) as blocked:
        with started(forking, place, tmp_path, *arguments) as process:
            async with ledgers.open_ledger(
                place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings
            ) as watching:
                await until(lambda: read.head(watching.db))
                await blocked.waiting()
                end(process, administrator_url)
                ended = process.wait(PATIENCE_SECONDS)
    output = (tmp_path / "said").read_text(encoding="utf-8")
    assert ended == code
    assert words in output
    assert "Traceback" not in output
    rest = json.loads(run(*arguments, "--json").stdout)["rows"]
    assert rest["repeated"] + rest["applied"] == rest["read"] == len(rows)
    assert 0 < rest["repeated"] < len(rows)
    reference = in_one_go(file)
    async with (
        ledgers.open_ledger(place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings) as ours,
        ledgers.open_ledger(reference.url, tmp_path / "elsewhere", LIFECYCLES_BY_KIND, settings) as theirs,
    ):
        assert await outcome(ours.db) == await outcome(theirs.db)
        await the_fold_holds(ours)
