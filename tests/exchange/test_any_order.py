"""Pieces of histories in whatever order: they come to the KPIs of the whole, brought in in order.

Cases are made at random and their rows split at random; `make soak` sets LEDGERDESK_TEST_SPLITS to try more.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.exchange.load import load
from app.exchange.readers.ndjson import Ndjson
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.measures import Measure
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Database, connect
from tests.conftest import DatabaseUrls, Server, fresh
from tests.exchange.servicenow_files import NOW, SELECT_STATE, the_fold_holds
from tests.extent import examples, in_test_all

SPLITS = int(os.environ.get("LEDGERDESK_TEST_SPLITS", "1"))
CASES = examples(160)
BEGIN = datetime(2026, 2, 20, tzinfo=UTC)
STATES = ("acknowledged", "in_progress", "on_hold", "in_progress", "resolved", "closed", "cancelled", "limbo")
PERSONS = ("Ada", "Bo", "Cy")
VALUES: dict[str, tuple[str | None, ...]] = {
    "team": ("TD", "TE", "TF", None),
    "assignee": (*PERSONS, None),
    "priority": ("P1", "P3", "P9"),
    "category": ("mail", "net", None),
    "service": ("mail", "erp", None),
    "channel": ("monitoring", "portal", None),
    "resolution_code": ("fixed", None),
    "title": ("It is broken.", None),
}
#: What does not change, most of the time, so that some histories fit the lifecycle.
USUAL = {"impact": "2", "urgency": "2", "effect": "none", "description": "So it is.", "requester": "Di"}
CUTS = (Dimension.team, Dimension.assignee, Dimension.priority)
#: What a file names depends on what was recorded before it: these count in the order of the log, not of time.
BY_ORDER_OF_THE_LOG = frozenset({Measure.unknown_keys})

Row = dict[str, str]


def a_history(chance: random.Random, number: int) -> list[Row]:
    """The rows of a case in their order. It is new first, if ever; some rows are of one time."""
    states = ["new"] * chance.choice((0, 1, 1, 2)) + chance.choices(STATES, k=chance.randint(1, 7))
    now = BEGIN + timedelta(hours=chance.randint(0, 24 * 40))
    opened = now - timedelta(minutes=chance.choice((0, 0, 5, 300)))
    cells: dict[str, str | None] = dict(USUAL)
    tells_opening = chance.random() < 0.7
    rows: list[Row] = []
    for state in states:
        changed = list(VALUES) if not rows else chance.sample(list(VALUES), chance.choice((0, 1, 1, 3)))
        cells |= {name: chance.choice(VALUES[name]) for name in changed}
        row = {
            "case": f"C{number:03}",
            "at": now.isoformat(),
            "state": state,
            "actor": chance.choice(PERSONS),
        }
        if tells_opening and chance.random() < 0.95:
            row |= {"opened_at": opened.isoformat(), "opener": "Di"}
        row |= {name: value for name, value in cells.items() if value is not None}
        rows.append(row)
        step = chance.choice((1, 10, 60, 60 * 30, 60 * 24 * 9))
        now += timedelta(minutes=0 if chance.random() < 0.05 else step, seconds=len(rows))
    return rows


def pieces(chance: random.Random, cases: Iterable[Sequence[Row]]) -> list[list[Row]]:
    """All rows, over some files in any order; but rows of one time in theirs, as nothing else tells it."""
    files: list[list[Row]] = [[] for _ in range(chance.randint(2, 5))]
    for rows in cases:
        of_time = {row["at"]: chance.choice(files) for row in rows}
        for row in chance.sample(rows, len(rows)):
            of_time[row["at"]].append(row)
    for file in files:
        for instant, places in _same_times(file).items():
            in_order = [row for rows in cases for row in rows if (row["case"], row["at"]) == instant]
            for place, row in zip(places, in_order, strict=True):
                file[place] = row
    return [file for file in files if file]


def _same_times(file: list[Row]) -> dict[tuple[str, str], list[int]]:
    result: dict[tuple[str, str], list[int]] = {}
    for place, row in enumerate(file):
        result.setdefault((row["case"], row["at"]), []).append(place)
    return {instant: places for instant, places in result.items() if len(places) > 1}


async def bring(ledger: Ledger, folder: Path, files: Sequence[Sequence[Row]]) -> None:
    for n, rows in enumerate(files):
        path = folder / f"{n}.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        report = await load(ledger, path, Ndjson(NOW), source="desk", now=NOW)
        assert report.applied == len(rows), report.first_refused


async def figures(place: DatabaseUrls, ledger: Ledger) -> dict[tuple[Any, ...], Any]:
    """All points of all KPIs of incidents, by their cut with ids as names; and how the cases stand."""
    await _follow(place)
    result: dict[tuple[Any, ...], Any] = {}
    names = await _names(ledger)
    for key, kpi in KPIS.items():
        if "incident" in kpi.processes and kpi.measure not in BY_ORDER_OF_THE_LOG:
            for by in ((), *((cut,) for cut in CUTS if cut in kpi.dimensions)):
                for point in await _points(ledger.db, key, by):
                    cut = tuple(names.get(value, value) for value in point.pop("by").values())
                    result[key, by, point["begin"], cut] = point
    for row in await ledger.db.rows(SELECT_STATE):
        result[row["source_number"],] = {
            n: v for n, v in row.items() if n not in ("version", "changed_at", "recorded_at")
        }
    return result


async def _follow(place: DatabaseUrls) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    await catch_up(connection, FACTS)
    await connection.close()


async def _points(db: Database, key: str, by: tuple[Dimension, ...]) -> list[dict[str, Any]]:
    cuts = tuple(cut.value for cut in by)
    question_parameters = QuestionParameters(
        by=cuts, begin="2026-01-01", end="2026-06-01", grain="month", zone="UTC"
    )
    question = parse_question(KPIS[key], question_parameters, now=NOW, organisation_zone="UTC", reopen_days=7)
    return [point.model_dump() for point in (await answer(db, question, NOW)).points]


async def _names(ledger: Ledger) -> dict[str, str | None]:
    rows = await ledger.db.rows("select id, name from fold.person")
    texts = await ledger.vault.texts(row["name"] for row in rows)
    return {str(row["id"]): texts[row["name"]] for row in rows}


OLDER = {
    "case": "1",
    "at": "2026-03-02T08:00:00Z",
    "opened_at": "2026-03-02T08:00:00Z",
    "state": "new",
    "team": "TD",
}
NEWER = [
    OLDER | {"at": "2026-03-02T09:00:00Z", "state": "in_progress", "team": "TE"},
    OLDER | {"at": "2026-03-02T11:00:00Z", "state": "resolved", "team": "TE"},
]


async def test_what_comes_first_in_a_case_opens_it_though_it_is_brought_in_last(
    place: DatabaseUrls, ledger: Ledger, tmp_path: Path
) -> None:
    await bring(ledger, tmp_path, [NEWER, [OLDER]])
    await _follow(place)
    for key, expected in (("incidents_opened", {"TD": 1}), ("reassignments_per_case", {"TE": 1})):
        points = await _points(ledger.db, key, (Dimension.team,))
        assert {point["by"]["team"]: point["value"] for point in points} == expected
    await the_fold_holds(ledger)


@in_test_all
@pytest.mark.parametrize("seed", range(SPLITS))
async def test_pieces_in_any_order_come_to_the_figures_of_the_whole_in_order(
    server: Server,
    tmp_path: Path,
    opened_at: Callable[[DatabaseUrls], AbstractAsyncContextManager[Ledger]],
    seed: int,
) -> None:
    chance = random.Random(seed)
    cases = [a_history(chance, n) for n in range(CASES)]
    total = [row for rows in cases for row in rows]
    figure_sets: list[dict[tuple[Any, ...], Any]] = []
    for files in ([total], pieces(chance, cases)):
        with fresh(server) as place:
            async with opened_at(place) as ledger:
                await bring(ledger, tmp_path, files)
                figure_sets.append(await figures(place, ledger))
                await the_fold_holds(ledger)
    in_order, in_pieces = figure_sets
    differing = [
        instant
        for instant in in_order.keys() | in_pieces.keys()
        if in_order.get(instant) != in_pieces.get(instant)
    ]
    assert differing == []
