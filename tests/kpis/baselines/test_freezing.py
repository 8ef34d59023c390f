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

END = BEGIN + timedelta(days=DAYS)
NOW = END + timedelta(days=40)
WINDOW = {"from": BEGIN.isoformat(), "to": END.isoformat()}


def _asked(key: str, **said: Any) -> BaselineQuestion:
    return BaselineQuestion.model_validate({"name": key, "kpi": key, "before": WINDOW} | said)


async def _said(books: Books, one: BaselineQuestion, position: int | None = None) -> str | None:
    """What the endpoint says of the window."""
    parameters = QuestionParameters(
        grain="all",
        begin=one.before.begin,
        end=one.before.end,
        zone=one.tz,
        filters={dimension.value: values for dimension, values in one.scope.items()},
    )
    of = Settings()
    question = parse_question(
        KPIS[one.kpi],
        parameters,
        now=NOW,
        organisation_zone=of.time_zone,
        reopen_days=of.reopen_days,
        currency=of.currency,
    )
    (point,) = (await answer(books.db, question, NOW, position=position)).points
    return decimal_text(point.value)


async def test_the_frozen_value_is_what_the_kpi_says_of_the_window(books: Books) -> None:
    asked = [_asked(key) for key in sorted(KPIS)]
    asked += [
        _asked(key, name=f"{key}-of-team", scope={"team": ["team 0", "none"]}, tz="Asia/Shanghai")
        for key in sorted(KPIS)
        if Dimension.team in KPIS[key].dimensions
    ]
    frozen = await freeze(books.db, Settings(), asked, NOW)
    assert frozen.position == len(books.events)
    said = {one.name: await _said(books, one) for one in asked}
    assert {one.name: one.value for one in frozen.baselines} == said
    assert sum(value is not None for value in said.values()) > len(KPIS) / 2


async def test_late_events_change_no_frozen_value(own_books: Books) -> None:
    asked = [_asked("incidents_opened"), _asked("incident_resolution_seconds", name="restore")]
    frozen: FrozenBaselines = await freeze(own_books.db, Settings(), asked, NOW)
    await write_more(own_books.connection, histories(seed=8, cases=20), 2028)
    await catch_up(own_books.connection, FACTS)
    later = await freeze(own_books.db, Settings(), asked, NOW)
    assert later.position > frozen.position
    assert later.baseline_named("incidents_opened").value != frozen.baseline_named("incidents_opened").value
    for one in asked:
        assert frozen.baseline_named(one.name).value == await _said(own_books, one, frozen.position)


@pytest.mark.parametrize(
    ("said", "pointer", "because"),
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
    books: Books, said: dict[str, Any], pointer: str, because: str
) -> None:
    asked = [_asked("incidents_opened"), _asked("incidents_opened", **({"name": "other"} | said))]
    with pytest.raises(WrongValue) as refused:
        await freeze(books.db, Settings(), asked, NOW)
    assert (refused.value.pointer, refused.value.because) == (pointer, because)
    for language in ("en", "zh"):
        assert refused.value.sentence(language)


def test_each_target_has_a_key_of_its_own() -> None:
    asked = [_asked("incidents_opened"), _asked("incidents_opened")]
    with pytest.raises(WrongValue) as refused:
        check_baseline_questions(asked, "UTC", datetime(2027, 1, 1, tzinfo=UTC))
    assert (refused.value.pointer, refused.value.because) == ("/targets/1/name", "each_once")
