"""Each dimension is declared once, in its row: both paths, the parameters and the filters follow from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import COLUMN, IDS, TEAMS, Dimension
from app.kpis.questions.parameters import KpiCuts
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.raw import definitions
from tests.cases import each_case
from tests.extent import WHOLE
from tests.kpis.conftest import Books

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _kpis_cut_by(dimension: Dimension) -> list[str]:
    return [key for key, kpi in KPIS.items() if dimension in kpi.dimensions]


@each_case("dimension", Dimension)
async def test_every_dimension_is_the_same_in_the_facts_and_in_the_log(
    books: Books, dimension: Dimension
) -> None:
    values: set[Any] = set()
    for key in _kpis_cut_by(dimension)[:5]:
        parameters = QuestionParameters(
            grain="year", begin="2025-01-01", end="2027-01-01", zone="UTC", by=[dimension.value]
        )
        question = parse_question(KPIS[key], parameters, now=NOW, organisation_zone="UTC", reopen_days=7)
        fast = await answer(books.db, question, NOW)
        values |= {value for point in fast.points for value in point.by.values()}
        if WHOLE:  # by `make test` both are the same on these histories (test_reconcile.py)
            slow = await answer(books.db, question, NOW, position=len(books.events))
            assert fast.points == slow.points
        elif values - {None}:
            break
    assert values - {None}, "some case has a value"


@pytest.mark.parametrize("dimension", Dimension)
def test_every_dimension_cuts_a_kpi_and_is_a_parameter_that_says_what_it_is(dimension: Dimension) -> None:
    assert _kpis_cut_by(dimension)
    assert KpiCuts.model_fields[dimension.value].description == dimension.description
    assert (dimension in COLUMN) is (dimension is not Dimension.age)


def test_what_holds_ids_has_them_in_its_column() -> None:
    assert {dimension for dimension, column in COLUMN.items() if column.endswith("_id")} == IDS
    assert {Dimension.team, Dimension.customer, Dimension.from_team, Dimension.to_team} == TEAMS


COLUMNS_OF_PARTS = ("opening", "team_id", "excluded", "known_then")


def test_a_definition_declares_the_columns_that_it_has_besides() -> None:
    wrong = []
    for path in sorted(definitions.FOLDER.rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        if not text.startswith("-- parts:"):
            continue
        parts = definitions.read_parts(path.name, text)
        written = {column for column in COLUMNS_OF_PARTS if f" as {column}" in text}
        declared = parts & set(COLUMNS_OF_PARTS)
        # Whoever declares `excluded` and writes no such column excludes no case.
        if not declared - {"excluded"} <= written <= declared:
            wrong.append(f"{path.name}: has {sorted(written)}, declares {sorted(parts)}")
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- parts: cases, ages\nselect 1", "x/y.sql: unknown parts ages"),
        ("-- What it counts.\nselect 1", "x/y.sql: its first line says no parts"),
    ],
)
def test_a_definition_that_declares_no_part_or_an_unknown_one_is_refused(text: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        definitions.read_parts("x/y.sql", text)
