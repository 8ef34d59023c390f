"""Baselines for people: in words, and as the behaviour chart of the time around their window."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.i18n import LANGUAGES
from app.kernel.ledger import open_ledger
from app.kpis.baselines.figures import baseline_words, draw_baseline
from app.kpis.baselines.freezing import freeze
from app.kpis.baselines.payloads import BaselineQuestion
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.extent import in_test_all
from tests.kpis.conftest import Books
from tests.kpis.drawing.drawings import of_class, parse, texts
from tests.kpis.histories import BEGIN, DAYS
from tests.kpis.kinds import kind_of
from tests.selection import selected

NOW = BEGIN + timedelta(days=DAYS + 40)
#: The middle of the histories.
WINDOW = {
    "from": (BEGIN + timedelta(days=28)).isoformat(),
    "to": (BEGIN + timedelta(days=56)).isoformat(),
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one directory of secrets of the books' database."""
    return tmp_path_factory.mktemp("secrets")


async def frozen(books: Books, *questions: BaselineQuestion) -> list[KpiBaseline]:
    """The baselines of these questions as they are kept."""
    frozen_figures = await freeze(books.db, Settings(), questions, NOW)
    return [
        KpiBaseline(
            id=uuid7(),
            name=baseline.name,
            kpi=baseline.kpi,
            scope=baseline.scope,
            begins_at=baseline.begins_at,
            ends_at=baseline.ends_at,
            zone=baseline.zone,
            currency=baseline.currency,
            reopen_days=baseline.reopen_days,
            value=baseline.value,
            cases=baseline.cases,
            position=frozen_figures.position,
            frozen_at=NOW,
        )
        for baseline in frozen_figures.baselines
    ]


@in_test_all
async def test_every_kpi_is_drawn_around_its_window_in_both_languages(books: Books, secrets: Path) -> None:
    questions = [
        BaselineQuestion.model_validate({"name": key, "kpi": key, "before": WINDOW})
        for key in selected("drawn", sorted(KPIS), kind_of)
    ]
    async with open_ledger(books.url, secrets, {}, Settings()) as ledger:
        for baseline in await frozen(books, *questions):
            for language in LANGUAGES:
                drawing = await draw_baseline(ledger, baseline, language)
                assert drawing is not None
                root = parse(drawing)
                assert len(of_class(root, "window")) == 1, baseline.kpi
                assert {"en": "Baseline", "zh": "基线"}[language] in texts(root)
                assert KPIS[str(baseline.kpi)].texts(language).name == baseline_words(baseline, language).kpi


async def test_what_lies_before_the_first_case_is_not_drawn(books: Books, secrets: Path) -> None:
    """The log begins four weeks before the window; half a year before it would be zeros."""
    questions = BaselineQuestion.model_validate({"name": "a", "kpi": "incidents_opened", "before": WINDOW})
    async with open_ledger(books.url, secrets, {}, Settings()) as ledger:
        [baseline] = await frozen(books, questions)
        drawing = await draw_baseline(ledger, baseline, "en")
    assert drawing is not None
    dots = [*of_class(parse(drawing), "dot"), *of_class(parse(drawing), "signal")]
    assert 8 <= len(dots) <= 10


async def test_a_baseline_is_said_with_its_first_and_last_day_and_its_cases(books: Books) -> None:
    teams = {"team": ["team 0", "none"]}
    assert Dimension.team in KPIS["incident_resolution_seconds"].dimensions
    fields = {"name": "a", "kpi": "incident_resolution_seconds", "before": WINDOW, "scope": teams}
    [baseline] = await frozen(books, BaselineQuestion.model_validate(fields))
    english = baseline_words(baseline, "en")
    assert english.window == ("2026-02-22", "2026-03-21")
    assert english.scope == "Team: team 0, none"
    assert (english.cases, english.position) == (baseline.cases, len(books.events))
    assert baseline_words(baseline.model_copy(update={"value": None}), "zh").value is None


async def test_a_team_that_is_no_more_has_no_chart(books: Books, secrets: Path) -> None:
    fields = {"name": "a", "kpi": "incidents_opened", "before": WINDOW}
    [baseline] = await frozen(books, BaselineQuestion.model_validate(fields))
    async with open_ledger(books.url, secrets, {}, Settings()) as ledger:
        team_gone = baseline.model_copy(update={"scope": {"team": ["gone"]}})
        assert await draw_baseline(ledger, team_gone, "en") is None
