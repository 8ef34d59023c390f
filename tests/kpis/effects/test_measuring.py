"""Effects on every KPI: what is measured by the facts comes out of the raw events at the same position."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.kernel.actions.refusals import WrongValue
from app.kpis.answers.answer import snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.effects.cases_of_windows import INSTEAD, METHOD, method_of
from app.kpis.effects.content import EffectResult
from app.kpis.effects.lifecycle import CompareWindows, PromisedEffect
from app.kpis.effects.measuring import compare, load_windows, measure
from app.kpis.effects.queries import RecomputedEffect
from app.kpis.effects.questions import EffectQuestions, questions_of
from app.kpis.effects.recompute import recompute
from app.kpis.effects.records import KpiEffect, PromisedAs
from app.kpis.effects.sentences import sentence_of
from app.kpis.statistics.effects.codes import EffectMethod
from app.log.ids import uuid7
from app.platform.settings import Settings
from tests.extent import WHOLE
from tests.kpis.conftest import Books
from tests.kpis.histories import BEGIN, DAYS
from tests.kpis.kinds import aggregate_of
from tests.selection import selected

MIDDLE, END = BEGIN + timedelta(days=DAYS // 2), BEGIN + timedelta(days=DAYS)
NOW = END + timedelta(days=40)
MEASURED = sorted(key for key in KPIS if key not in INSTEAD)


def asked(kpi: Kpi, **parameters: Any) -> tuple[CompareWindows, EffectQuestions]:
    window = {
        "before": {"from": BEGIN.isoformat(), "to": MIDDLE.isoformat()},
        "after": {"from": MIDDLE.isoformat(), "to": END.isoformat()},
        "tz": "Asia/Shanghai",
    }
    body = CompareWindows.model_validate(window | parameters)
    return body, questions_of(Settings(), kpi, body, NOW)


TRIED: list[str] = selected("effects", MEASURED, lambda key: METHOD[KPIS[key].aggregate])


@pytest.mark.parametrize("key", TRIED)
async def test_an_effect_comes_out_of_the_raw_events_as_of_the_facts(books: Books, key: str) -> None:
    kpi, control = KPIS[key], None
    if Dimension.team in kpi.dimensions and not kpi.is_of_outages:
        control = {"team": ["none"]}
    _, question = asked(
        kpi, **({} if control is None else {"scope": {"team": ["team 0", "team 1"]}, "control": control})
    )
    async with snapshot_connection(books.db) as connection:
        fast = await load_windows(connection, question, method_of(kpi))
        slow = await load_windows(connection, question, method_of(kpi), len(books.events))
    results = [compare(windows, 7, 200, None, []) for windows in (fast, slow)]
    assert results[0].model_dump() == results[1].model_dump()
    assert compare(fast, 7, 200, None, []) == results[0], "the same seed gives the same"
    for language in ("en", "zh"):
        assert kpi.texts(language).name in sentence_of(kpi, results[0], language)


async def test_what_is_compared_of_a_rate_is_what_the_kpi_says(books: Books) -> None:
    """A count is compared by the day, also one for so many persons; everything else as it is, so that it
    improves the way the KPI does.
    """
    rates = [key for key in MEASURED if METHOD[KPIS[key].aggregate] is EffectMethod.rate_by_day]
    for key in selected("effects of rates", rates, aggregate_of):
        kpi = KPIS[key]
        _, question = asked(kpi)
        async with snapshot_connection(books.db) as connection:
            result = compare(await load_windows(connection, question, method_of(kpi)), 7, 200, None, [])
        for side in (result.before, result.after):
            if kpi.aggregate is Aggregate.year_over_year or side.value is None:
                continue
            value = side.value
            if kpi.aggregate is Aggregate.number:
                value /= side.exposure or 1
            elif kpi.aggregate is Aggregate.per_staff:
                value /= (question.windows[1] - question.windows[0]) / timedelta(days=1)
            assert side.compared == pytest.approx(value, rel=1e-6, abs=1e-6), key
    assert {"mtbf", "failure_rate", "incidents_opened", "requests_per_agent_day"} <= set(rates)


async def test_a_stored_effect_reads_as_it_was_measured(books: Books) -> None:
    kpi = KPIS["incident_resolution_seconds"]
    promised = {"change": "-1800", "of": "absolute"}
    body, question = asked(kpi, promised=promised)
    effect = await measure(books.db, question, body, NOW)
    assert effect.position == len(books.events) == effect.seed
    result = EffectResult.model_validate(effect.result)
    assert result.verdict.value == effect.verdict
    assert result.promised is not None
    assert result.promised.effect == -1800
    assert result.before.cases + result.after.cases > (40 if WHOLE else 20)
    assert "promised" in sentence_of(kpi, result, "en")
    assert "承诺" in sentence_of(kpi, result, "zh")
    stored = KpiEffect(
        id=uuid7(),
        kpi=effect.kpi,
        before_begins_at=effect.windows[0],
        before_ends_at=effect.windows[1],
        after_begins_at=effect.windows[2],
        after_ends_at=effect.windows[3],
        scope={},
        promised="-1800",
        promised_as=PromisedAs.absolute,
        zone=effect.zone,
        currency=effect.currency,
        reopen_days=effect.reopen_days,
        position=effect.position,
        seed=effect.seed,
        resamples=effect.resamples,
        result=dict(effect.result),
        measured_at=NOW,
    )
    assert (await recompute(books.db, stored, "en")).same
    stored.result = {**effect.result, "low": "-7200.5"}
    assert await recompute(books.db, stored, "en") == RecomputedEffect(
        same=False, differences=["low"], reason=None
    )


def test_every_kpi_has_a_method_or_names_the_kpi_to_take_instead() -> None:
    for key, kpi in KPIS.items():
        assert (kpi.aggregate in METHOD) != (key in INSTEAD), key
    for key, instead in INSTEAD.items():
        assert KPIS[instead].aggregate in METHOD
        with pytest.raises(WrongValue) as refused:
            method_of(KPIS[key])
        assert instead in refused.value.sentence("en")


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"after": {"from": "2020-01-01", "to": "2020-02-01"}}, "/after/from", "windows_overlap"),
        ({"after": {"from": "2100-01-01", "to": "2100-02-01"}}, "/after/from", "not_begun"),
        ({"before": {"from": "2026-02-01", "to": "2026-01-01"}}, "/before/to", "ends_before_it_begins"),
        ({"before": {"from": "soon", "to": "2026-01-01"}}, "/before/from", "not_an_instant"),
        ({"tz": "Mars/Base"}, "/tz", "unknown_zone"),
        ({"scope": {"state": ["x"]}}, "/scope/state", "unknown_dimension"),
        ({"scope": {"priority": ["P9"]}}, "/scope/priority", "unknown_value"),
        ({"control": {}}, "/control", "control_is_scope"),
    ],
)
def test_what_cannot_be_asked_says_where(changes: Any, pointer: str, code: str) -> None:
    with pytest.raises(WrongValue) as refused:
        asked(KPIS["reopen_rate"], **changes)
    assert (refused.value.pointer, refused.value.because) == (pointer, code)


def test_a_promise_is_a_part_or_an_amount() -> None:
    assert PromisedEffect.model_validate({"change": -0.3}).change == "-0.3"
