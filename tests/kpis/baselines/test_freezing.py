"""Frozen baselines: what the KPI says of the window at that position, and nothing later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel.actions.refusals import WrongValue
from app.kpis.answers.answer import answer
from app.kpis.baselines.freezing import FrozenBaselines, freeze
from app.kpis.baselines.payloads import BaselineQuestion, check_baseline_questions, decimal_text
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.log.follow import catch_up
from app.platform.settings import Settings
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, DAYS, histories, write_more
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

END = BEGIN + timedelta(days=DAYS)
NOW = END + timedelta(days=40)
WINDOW = {"from": BEGIN.isoformat(), "to": END.isoformat()}


def _asked(key: str, **figure_of: Any) -> BaselineQuestion:
    return BaselineQuestion.model_validate({"name": key, "kpi": key, "before": WINDOW} | figure_of)


async def _said(books: Books, kpi_question: BaselineQuestion, position: int | None = None) -> str | None:
    """What the endpoint says of the window."""
    parameters = QuestionParameters(
        grain="all",
        begin=kpi_question.before.begin,
        end=kpi_question.before.end,
        zone=kpi_question.tz,
        filters={dimension.value: values for dimension, values in kpi_question.scope.items()},
    )
    settings = Settings()
    question = parse_question(
        KPIS[kpi_question.kpi],
        parameters,
        now=NOW,
        organisation_zone=settings.time_zone,
        reopen_days=settings.reopen_days,
        currency=settings.currency,
    )
    (point,) = (await answer(books.db, question, NOW, position=position)).points
    return decimal_text(point.value)


async def test_the_frozen_value_is_what_the_kpi_says_of_the_window(books: Books) -> None:
    tried = selected("frozen", sorted(KPIS), aggregate_of)
    questions = [_asked(key) for key in tried]
    questions += [
        _asked(key, name=f"{key}-of-team", scope={"team": ["team 0", "none"]}, tz="Asia/Shanghai")
        for key in tried
        if Dimension.team in KPIS[key].dimensions
    ]
    frozen = await freeze(books.db, Settings(), questions, NOW)
    assert frozen.position == len(books.events)
    figure_of = {question.name: await _said(books, question) for question in questions}
    assert {question.name: question.value for question in frozen.baselines} == figure_of
    assert sum(value is not None for value in figure_of.values()) > len(tried) / 2


async def test_late_events_change_no_frozen_value(own_books: Books) -> None:
    questions = [_asked("incidents_opened"), _asked("incident_resolution_seconds", name="restore")]
    frozen: FrozenBaselines = await freeze(own_books.db, Settings(), questions, NOW)
    await write_more(own_books.connection, histories(seed=8, cases=20), 2028)
    await catch_up(own_books.connection, FACTS)
    later = await freeze(own_books.db, Settings(), questions, NOW)
    assert later.position > frozen.position
    assert later.baseline_named("incidents_opened").value != frozen.baseline_named("incidents_opened").value
    for question in questions:
        assert frozen.baseline_named(question.name).value == await _said(own_books, question, frozen.position)


@pytest.mark.parametrize(
    ("changes", "pointer", "because"),
    [
        ({"kpi": "sunshine"}, "/targets/1/kpi", "unknown_value"),
        ({"kpi": "mtbf", "scope": {"channel": ["mail"]}}, "/targets/1/scope/channel", "unknown_dimension"),
        ({"scope": {"team": ["nobody"]}}, "/targets/1/scope/team", "unknown_value"),
        ({"before": {"from": "soon", "to": "2026-01-01"}}, "/targets/1/before/from", "not_an_instant"),
        (
            {"before": {"from": "2026-02-01", "to": "2026-01-01"}},
            "/targets/1/before/to",
            "ends_before_it_begins",
        ),
        ({"before": {"from": "2026-01-01", "to": "2199-01-01"}}, "/targets/1/before/to", "baseline_not_over"),
        ({"tz": "Moon/Base"}, "/targets/1/tz", "unknown_zone"),
    ],
)
async def test_what_cannot_be_asked_is_refused_where_it_stands(
    books: Books, changes: dict[str, Any], pointer: str, because: str
) -> None:
    questions = [_asked("incidents_opened"), _asked("incidents_opened", **({"name": "other"} | changes))]
    with pytest.raises(WrongValue) as refused:
        await freeze(books.db, Settings(), questions, NOW)
    assert (refused.value.pointer, refused.value.because) == (pointer, because)
    for language in ("en", "zh"):
        assert refused.value.sentence(language)


def test_each_target_has_a_key_of_its_own() -> None:
    questions = [_asked("incidents_opened"), _asked("incidents_opened")]
    with pytest.raises(WrongValue) as refused:
        check_baseline_questions(questions, "UTC", datetime(2027, 1, 1, tzinfo=UTC))
    assert (refused.value.pointer, refused.value.because) == ("/targets/1/name", "each_once")
