"""Measuring an effect: the cases of both windows from one snapshot, then statistics in a thread of their
own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.db import Connection, Database
from app.kpis.answer import facts_position, snapshot_connection
from app.kpis.effects.asking import EffectQuestions, wrong_value
from app.kpis.effects.cases_of_windows import (
    WindowCases,
    cases_of_window,
    cases_of_windows_as_of,
    method_of,
)
from app.kpis.effects.content import (
    EffectResult,
    EffectScale,
    EffectSide,
    EffectWarning,
    PromisedOutcome,
    WarningCode,
    as_stored,
)
from app.kpis.effects.lifecycle import CompareWindows, MeasuredEffect, PromisedEffect
from app.kpis.effects.records import PromisedAs
from app.kpis.effects.warnings import warnings_of
from app.kpis.kpi import Direction, Kpi
from app.kpis.question import CannotAnswer
from app.kpis.statistics.effects.codes import IntervalMethod
from app.kpis.statistics.effects.effect import LEVEL, RATIOS, Better, ComparedWindow, Effect
from app.kpis.statistics.effects.samples import RateSample

if TYPE_CHECKING:
    from collections.abc import Sequence

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Windows:
    """The cases of the windows, in the order before, after, and those of the control if there is one."""

    before: WindowCases
    after: WindowCases
    control: tuple[WindowCases, WindowCases] | None


async def measure(
    db: Database, asked: EffectQuestions, body: CompareWindows, now: datetime
) -> MeasuredEffect:
    """Measure the effect that is asked for, as of the position of the facts.

    Raises WrongValue for what cannot be measured, DatabaseGone.
    """
    (found,) = await measure_together(db, [(asked, body)], now)
    return found


async def measure_together(
    db: Database, all_asked: Sequence[tuple[EffectQuestions, CompareWindows]], now: datetime
) -> list[MeasuredEffect]:
    """Measure several effects in their order, all of them as of one position of the facts. Raises as
    `measure` does.
    """
    loaded = []
    async with snapshot_connection(db) as connection:
        position, _ = await facts_position(connection)
        for asked, body in all_asked:
            method_of(asked.kpi)
            windows = await load_windows(connection, asked)
            loaded.append((windows, await warnings_of(connection, asked, windows.after, body.change)))
    measured = []
    for (asked, body), (windows, warnings) in zip(all_asked, loaded, strict=True):
        result = await asyncio.to_thread(compare, windows, position, RESAMPLES, body.promised, warnings)
        measured.append(_measured(asked, position, result, now))
    return measured


def _measured(asked: EffectQuestions, position: int, result: EffectResult, now: datetime) -> MeasuredEffect:
    first = asked.before
    return MeasuredEffect(
        kpi=asked.kpi.key,
        windows=asked.windows,
        zone=first.zone.key,
        currency=first.currency,
        reopen_days=first.reopen_days,
        position=position,
        seed=position,
        resamples=RESAMPLES,
        verdict=result.verdict.value,
        result=as_stored(result.model_dump(mode="json")),
        measured_at=now,
    )


async def load_windows(
    connection: Connection, asked: EffectQuestions, position: int | None = None
) -> Windows:
    """Return the cases of all windows, by the facts or as of `position`. Raises WrongValue."""

    places = (("before", "scope"), ("after", "scope"), ("before", "control"), ("after", "control"))
    questions = [asked.before, asked.after]
    if asked.control_before is not None and asked.control_after is not None:
        questions += [asked.control_before, asked.control_after]
    if position is not None:
        try:
            found = await cases_of_windows_as_of(connection, questions, position)
        except CannotAnswer as error:
            raise wrong_value(error, *places[0]) from error
    else:
        found = []
        for question, place in zip(questions, places, strict=False):
            try:
                found.append(await cases_of_window(connection, question))
            except CannotAnswer as error:
                raise wrong_value(error, *place) from error
    before, after, *control = found
    return Windows(before, after, (control[0], control[1]) if control else None)


def compare(
    windows: Windows,
    seed: int,
    resamples: int,
    promised: PromisedEffect | None,
    warnings: Sequence[EffectWarning],
) -> EffectResult:
    """Compare the windows; the same seed gives the same result."""
    from app.kpis.statistics.effects import compare as statistics  # noqa: PLC0415  # scipy is slow to load

    before, after = windows.before, windows.after
    kpi, method = before.question.kpi, method_of(before.question.kpi)
    control = None if windows.control is None else (windows.control[0].sample, windows.control[1].sample)
    effect = statistics.compare(method, before.sample, after.sample, control, seed=seed, resamples=resamples)
    sides = [
        _side(of, side)
        for of, side in zip((before, after, *(windows.control or ())), effect.sides, strict=True)
    ]
    said = list(warnings)
    if effect.interval_by is IntervalMethod.percentile and control is None:
        said.append(EffectWarning(code=WarningCode.percentile))
    return EffectResult(
        method=effect.method,
        method_version=statistics.VERSIONS[effect.method],
        scale=EffectScale.ratio if effect.method in RATIOS else EffectScale.difference,
        before=sides[0],
        after=sides[1],
        control_before=sides[2] if control else None,
        control_after=sides[3] if control else None,
        effect=effect.effect,
        low=effect.low,
        high=effect.high,
        level=LEVEL,
        interval_by=effect.interval_by,
        relative_change=effect.relative_change,
        difference_of_medians=effect.difference_of_medians,
        test=effect.test,
        p_value=effect.p_value,
        verdict=effect.verdict(better_of(kpi)),
        promised=_promised(effect, before, promised),
        warnings=said,
    )


def better_of(kpi: Kpi) -> Better:
    """Return the way the KPI improves; one without a direction is taken to improve by falling."""
    return "more" if kpi.direction is Direction.up else "less"


def _side(window: WindowCases, side: ComparedWindow) -> EffectSide:
    sample = window.sample
    return EffectSide(
        value=window.value,
        cases=side.cases,
        compared=side.compared,
        low=side.low,
        high=side.high,
        exposure=sample.exposure if isinstance(sample, RateSample) else None,
    )


def _promised(effect: Effect, before: WindowCases, promised: PromisedEffect | None) -> PromisedOutcome | None:
    """Return what was promised on the scale of the effect; None if nothing was, or nothing is before.

    A part is of what is compared of the window before: of a duration its median, of a count its rate. An
    amount is in the unit of the KPI's value there.
    """
    if promised is None:
        return None
    change, compared = float(promised.change), effect.sides[0].compared
    is_part, is_ratio = promised.of is PromisedAs.relative, effect.method in RATIOS
    if is_part == is_ratio:
        wanted = 1 + change if is_ratio else change
    elif is_part:
        wanted = change * (compared or 0)
    else:
        wanted = 1 + change / before.value if before.value else 1
    # A part of nothing is no promise.
    none = 1 if is_ratio else 0
    return None if wanted == none else PromisedOutcome(effect=wanted, reached=effect.reaches(wanted))
