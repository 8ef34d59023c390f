"""`ledgerdesk export` and `import --restore`: other tools count what conformance counts, and a whole
installation comes back as it was.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import jsonschema_rs
import psycopg
import pytest

from app.conformance.reconcile import followers_with_facts
from app.exchange.whole.manifest import FILE_NAME
from app.exchange.whole.tables import CONDITIONS, DERIVED, LEFT_OUT_TABLES, SELECT_TABLES, is_exported, quoted
from app.registry import LIFECYCLES
from tests.cli.conftest import Ended, Run
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all

OCEL_KINDS = ("incident", "request", "problem", "change")
XES = "{http://www.xes-standard.org/}"
TIMERS = "select rule, stream from plumbing.timer"
SUM = "select count(*), coalesce(sum(hashtextextended(row::text, 0)), 0) from {table} as row"


def rows_of(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def steps_by_case(url: str, kind: str) -> dict[str, list[str]]:
    """The steps that conformance counts, by the numbers of cases that have ended."""
    query = f"""select r.number, c.all_steps from kpi.process_case c join fold.{kind} r on r.id = c.case_id
      where c.kind = '{kind}' and c.ended_at is not null"""
    return dict(rows_of(url, query))


def steps_of_traces(path: Path) -> dict[str, list[str]]:
    with gzip.open(path) as file:
        log = ElementTree.parse(file).getroot()

    def name(element: ElementTree.Element) -> str:
        return next(each.get("value", "") for each in element if each.get("key") == "concept:name")

    return {
        name(trace): [name(event) for event in trace.findall(f"{XES}event")]
        for trace in log.findall(f"{XES}trace")
    }


def steps_of_objects(events: Iterable[tuple[str, str, str]], numbers: dict[str, str]) -> dict[str, list[str]]:
    """The types of events by the number of their case, as a tool has them that sorts by time alone."""
    steps = defaultdict[str, list[str]](list)
    for _, case, event_type in sorted(events):
        steps[numbers[case]].append(event_type)
    return steps


@in_test_all
def test_event_logs_have_what_conformance_counts(
    run: Run,
    demo_place: DatabaseUrls,
    demo_secrets: Path,
    tmp_path: Path,
) -> None:
    url = demo_place.url

    def export(*arguments: str) -> Any:
        ended = run("export", *arguments, "--from", "2000-01-01", "--to", "2100-01-01", "--json",
                    database_url=url, secrets_dir=str(demo_secrets))  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    xes = tmp_path / "incidents.xes.gz"
    figures = export("xes", "incident", "--out", str(xes))
    expected = steps_by_case(url, "incident")
    assert steps_of_traces(xes) == expected
    assert len(expected) > 100
    variants = {tuple(steps) for steps in expected.values()}
    assert (figures["cases"], figures["variants"]) == (len(expected), len(variants))
    assert figures["events"] == sum(map(len, expected.values()))
    with gzip.open(xes, "rt") as file:
        text = file.read()
    assert 'key="org:group" value="network"' in text
    assert not any(f'key="{name}"' in text for name in ("title", "description", "resolution"))

    ocel = tmp_path / "desk.json"
    figures = export("ocel", "--out", str(ocel))
    document = json.loads(ocel.read_text())
    numbers = {
        entry["id"]: next(a["value"] for a in entry["attributes"] if a["name"] == "number")
        for entry in document["objects"]
        if entry["type"] in OCEL_KINDS
    }
    events = [
        (event["time"], related["objectId"], event["type"])
        for event in document["events"]
        for related in event["relationships"]
        if related["qualifier"] == "case"
    ]
    every = {n: steps for kind in OCEL_KINDS for n, steps in steps_by_case(url, kind).items()}
    assert steps_of_objects(events, numbers) == every
    assert (figures["objects"], figures["events"]) == (
        len(document["objects"]),
        sum(map(len, every.values())),
    )
    named = {related["objectId"] for event in document["events"] for related in event["relationships"]}
    assert {entry["id"] for entry in document["objects"]} == named, "tools leave out what no event is about"
    kinds = {entry["type"] for entry in document["objects"]}
    assert {*OCEL_KINDS, "person", "team", "service"} <= kinds

    tables = tmp_path / "desk.sqlite"
    export("ocel", "--out", str(tables))
    with closing(sqlite3.connect(tables)) as connection:
        for table, member in (("event", "events"), ("object", "objects")):
            rows = connection.execute(f"select ocel_id, ocel_type from {table}").fetchall()
            assert sorted(rows) == sorted((entry["id"], entry["type"]) for entry in document[member])
        (count,) = connection.execute("select count(*) from object_object").fetchone()
        assert count == sum(len(entry["relationships"]) for entry in document["objects"]) > 0


def test_ocel_fits_its_published_schema(run: Run, real_data: Path, tmp_path: Path) -> None:
    schema = real_data / "ocel20_schema.json"
    if not schema.exists():
        pytest.skip("needs real data: the schema of OCEL 2.0 is absent")
    row = {"id": "1", "at": "2026-03-02T08:00:00+02:00", "s": "open", "team": "Network"}
    (tmp_path / "rows.csv").write_text("\n".join([",".join(row), ",".join(row.values())]))
    mapping = 'process = "incident"\nsource = "desk"\ncase = "id"\nat = "at"\n'
    mapping += '[fields]\nteam = "team"\n[state]\ncolumn = "s"\nvalues = { open = "new" }\n'
    (tmp_path / "mapping.toml").write_text(mapping)
    ended = run("import", "csv", str(tmp_path / "rows.csv"), "--mapping", str(tmp_path / "mapping.toml"))
    assert ended.returncode == 0, ended.stderr + ended.stdout
    ended = run("export", "ocel", "--open", "--out", str(tmp_path / "one.json"))
    assert ended.returncode == 0, ended.stderr
    document = json.loads((tmp_path / "one.json").read_text())
    jsonschema_rs.validate(json.loads(schema.read_text()), document)
    assert {entry["type"] for entry in document["objects"]} == {"incident", "team"}


def test_what_cannot_be_exported_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    refusals = (
        (("xes", "tea", "--out", "t.xes"), "there is no process 'tea' with cases; choose one of", 2),
        (("xes", "incident", "--out", str(tmp_path / "t.csv")), "t.csv should end in .xes or .xes.gz.", 4),
        (("ocel", "--out", str(tmp_path / "t.csv")), "t.csv should end in .json or .sqlite or .db.", 4),
        (("xes", "incident", "--from", "soon", "--out", "t.xes"), "--from", 2),
        (("--all", str(tmp_path)), "Choose a folder that does not exist yet.", 4),
        (("--all", str(tmp_path / "x"), "events", "--to", "x"), "is not possible together with a command", 2),
    )
    for arguments, sentence, code in first_of(refusals, 3):
        ended = run("export", *arguments)
        assert (ended.returncode, sentence in " ".join(ended.stderr.split())) == (code, True), ended.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "secrets"] or not list(tmp_path.glob("t.*"))


class ExportOfAll:
    """An export of the demo, and commands that restore what is made of it."""

    def __init__(self, run: Run, place: DatabaseUrls, folder: Path, secrets: Path) -> None:
        self.run, self.place, self.folder, self.secrets = run, place, folder, secrets

    def restore(self, folder: Path | None = None, secrets: Path | None = None) -> Ended:
        settings = {"owner_url": self.place.owner_url, "secrets_dir": str(secrets or self.secrets)}
        return self.run("import", "--restore", str(folder or self.folder), "--json", **settings)

    def altered(self, name: str, change: Any) -> Path:
        """A copy whose manifest is changed."""
        copy = self.folder.with_name(name)
        shutil.copytree(self.folder, copy)
        manifest = json.loads((copy / FILE_NAME).read_text())
        change(copy, manifest)
        (copy / FILE_NAME).write_text(json.dumps(manifest))
        return copy


def damage(folder: Path, manifest: dict[str, Any]) -> None:
    path = folder / "log.event.csv.gz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def forge(folder: Path, manifest: dict[str, Any]) -> None:
    """The last table has a row that is none, and the manifest does not tell."""
    entry = manifest["tables"][-1]
    path = folder / entry["file"]
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"nonsense\n"))
    entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()


def of_later_schema(folder: Path, manifest: dict[str, Any]) -> None:
    manifest["database_schema"] = "9999"


def with_strange_table(folder: Path, manifest: dict[str, Any]) -> None:
    manifest["tables"][0]["table"] = "content.of_tomorrow"


@in_test_all
def test_a_whole_installation_comes_back_as_it_was(
    run: Run,
    demo_place: DatabaseUrls,
    demo_secrets: Path,
    place: DatabaseUrls,
    connections_anew: None,
    tmp_path: Path,
) -> None:
    demo = {"database_url": demo_place.url, "secrets_dir": str(demo_secrets)}
    assert run("kpi", "incidents_opened", **demo).returncode == 0  # the facts follow
    columns = run("export", "events", "--to", str(tmp_path / "columns"), "--json", **demo)
    check_columns(columns, demo_place.url, tmp_path / "columns")
    assert (
        json.loads(run("export", "events", "--to", str(tmp_path / "columns"), "--json", **demo).stdout)[
            "events"
        ]
        == 0
    ), "what is there is not written again"

    (tmp_path / "killed.part").mkdir()
    ended = run("export", "--all", str(tmp_path / "whole"), "--json", **demo)
    assert ended.returncode == 0, ended.stderr
    assert f"{tmp_path / 'killed.part'} is left of an export that was killed" in ended.stderr
    exported = ExportOfAll(run, place, tmp_path / "whole", demo_secrets)
    other_key = tmp_path / "other"
    other_key.mkdir()
    refusals = [
        (exported.restore(secrets=other_key), "There is no master.key in"),
        (exported.restore(exported.altered("damaged", damage)), "was changed or is damaged"),
        (exported.restore(exported.altered("forged", forge)), "cannot be loaded"),
        (exported.restore(exported.altered("later", of_later_schema)), "was made by a later version"),
        (
            exported.restore(exported.altered("strange", with_strange_table)),
            "change existing tables: content.of_tomorrow",
        ),
        (exported.restore(tmp_path), "contains no export"),
    ]
    (other_key / "master.key").write_text(base64.b64encode(b"A" * 32).decode())
    refusals.append((exported.restore(secrets=other_key), "is not that of the export"))
    with psycopg.connect(place.url):
        refusals.append((exported.restore(), "The database is in use"))
    for refused, sentence in refusals:
        assert (refused.returncode, sentence in refused.stderr) == (4, True), refused.stderr
    assert rows_of(place.owner_url, "select position from log.head") == [(0,)], "nothing of it stays"
    assert rows_of(place.owner_url, "select count(*) from log.event") == [(0,)]

    ended = exported.restore()
    assert ended.returncode == 0, ended.stderr
    facts = {table for follower in followers_with_facts(LIFECYCLES) for table in follower.tables}
    for name, *_ in rows_of(demo_place.owner_url, SELECT_TABLES.replace("%%", "%")):
        if not (is_exported(name) or name in facts or name.startswith(("fold.", "schedule.", "log.head"))):
            continue
        if name == "plumbing.timer":  # facts made anew set those of clocks again, which have nothing to say
            timers = [set(rows_of(url, TIMERS)) for url in (demo_place.owner_url, place.owner_url)]
            assert timers[0] <= timers[1]
            continue
        query = SUM.format(table=f"(select * from {quoted(name)}{CONDITIONS.get(name, '')})")
        assert rows_of(place.owner_url, query) == rows_of(demo_place.owner_url, query), name
    assert run("rebuild", secrets_dir=str(demo_secrets)).returncode == 0
    assert "is not empty" in exported.restore().stderr


def check_columns(ended: Ended, url: str, folder: Path) -> None:
    assert ended.returncode == 0, ended.stderr
    (head,) = rows_of(url, "select position from log.head")[0]
    assert json.loads(ended.stdout) == {"folder": str(folder), "position": head, "events": head, "files": 1}
    query = "select position, id, type, told, rows_set from read_parquet($1) order by position"
    written = duckdb.execute(query, [str(folder / "*.parquet")]).fetchall()
    logged = rows_of(
        url, "select position, id, type, data->'given', data->'set' from log.told order by position"
    )
    assert [
        (
            *event,
            *(
                {key: text and json.loads(text) for key, text in each.items()}
                for each in (given_fields, rows_set)
            ),
        )
        for *event, given_fields, rows_set in written
    ] == logged


def test_each_table_is_exported_or_made_anew_or_left_out_with_a_reason(place: DatabaseUrls) -> None:
    names = {name for name, *_ in rows_of(place.owner_url, SELECT_TABLES.replace("%%", "%"))}
    assert names >= LEFT_OUT_TABLES.keys()
    assert {name.partition(".")[0] for name in names} >= DERIVED.keys()
    known_schemas = {"content", "deliveries", "log", "plumbing", "vault", *DERIVED}
    strange = {name for name in names if name.partition(".")[0] not in known_schemas}
    assert not strange, (
        "say in whole/tables.py whether they follow from others; without a word they are exported"
    )
    assert is_exported("log.event")
    assert is_exported("vault.personal_key")
