"""Questions of an effect: the windows and scopes as checked questions about the KPI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.kernel.actions.refusals import WrongValue
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Direction, Kpi
from app.kpis.effects.lifecycle import CompareWindows, EffectWindow, PromisedEffect
from app.kpis.effects.records import KpiEffect, MeasuredFigure, PromisedAs
from app.kpis.questions.access import question_of
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters
from app.platform.settings import Settings

Filters = Mapping[Dimension, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EffectQuestions:
    """The four questions of an effect, each of one period; those of the control are None without one.

    `figure` is what is compared, and `longer_than` the seconds that count as long.
    """

    before: KpiQuestion
    after: KpiQuestion
    control_before: KpiQuestion | None
    control_after: KpiQuestion | None
    figure: MeasuredFigure = MeasuredFigure.kpi
    longer_than: int | None = None

    @property
    def kpi(self) -> Kpi:
        """The KPI that all of them ask for."""
        return self.before.kpi

    @property
    def windows(self) -> tuple[datetime, datetime, datetime, datetime]:
        """The bounds of both windows, in their order."""
        return (*_ends(self.before), *_ends(self.after))


def history_of(window: KpiQuestion, begins_at: datetime) -> KpiQuestion:
    """Return the question about the time from then up to the window, in the same scope."""
    return replace(window, bounds=(begins_at, window.bounds[0]))


def _ends(question: KpiQuestion) -> tuple[datetime, datetime]:
    return question.bounds[0], question.bounds[-1]


def questions_of(settings: Settings, kpi: Kpi, body: CompareWindows, now: datetime) -> EffectQuestions:
    """Return the questions of the payload. Raises WrongValue for what cannot be asked."""
    scope = _filters(body.scope)

    def window_question(window: EffectWindow, field: str, filters: Filters, scoped: str) -> KpiQuestion:
        parameters = QuestionParameters(
            grain=Grain.all.value,
            begin=window.begin,
            end=window.end,
            zone=body.tz,
            filters={dimension.value: values for dimension, values in filters.items()},
        )
        try:
            return question_of(settings, kpi, parameters, now)
        except CannotAnswer as error:
            raise wrong_value(error, field, scoped) from error

    before = window_question(body.before, "before", scope, "scope")
    after = window_question(body.after, "after", scope, "scope")
    if after.bounds[0] < before.bounds[-1]:
        raise WrongValue(pointer="/after/from", because="windows_overlap")
    if after.bounds[0] >= now:
        raise WrongValue(pointer="/after/from", because="not_begun")
    _check_figure(kpi, body)
    if body.control is None:
        return EffectQuestions(before, after, None, None, body.figure, body.longer_than)
    control_filters = _filters(body.control)
    if control_filters == scope:
        raise WrongValue(pointer="/control", because="control_is_scope")
    return EffectQuestions(
        before,
        after,
        window_question(body.before, "before", control_filters, "control"),
        window_question(body.after, "after", control_filters, "control"),
        body.figure,
        body.longer_than,
    )


def _check_figure(kpi: Kpi, body: CompareWindows) -> None:
    """Refuse figures of durations for other KPIs, and a share without its limit. Raises WrongValue."""
    if body.figure is not MeasuredFigure.kpi and not kpi.is_timed:
        raise WrongValue(pointer="/figure", because="figure_of_durations")
    if (body.figure is MeasuredFigure.share_longer) is not (body.longer_than is not None):
        raise WrongValue(pointer="/longer_than", because="longer_than_what")


def questions_again(kpi: Kpi, effect: KpiEffect) -> EffectQuestions:
    """Return the questions of a stored effect, as they were asked."""
    assert effect.zone is not None
    assert effect.currency is not None
    assert effect.measured_at is not None
    ends = (
        effect.before_begins_at,
        effect.before_ends_at,
        effect.after_begins_at,
        effect.after_ends_at,
    )
    known_ends = tuple(end for end in ends if end is not None)
    scope, control = (
        None
        if scope_filters is None
        else {Dimension(name): tuple(values) for name, values in scope_filters.items()}
        for scope_filters in (effect.scope or {}, effect.control)
    )
    first = KpiQuestion(
        kpi=kpi,
        grain=Grain.all,
        zone=ZoneInfo(effect.zone),
        bounds=(),
        filters=scope or {},
        now=effect.measured_at,
        reopen_days=effect.reopen_days or 0,
        currency=effect.currency,
    )
    before, after = (replace(first, bounds=window) for window in (known_ends[:2], known_ends[2:]))
    figure = effect.figure or MeasuredFigure.kpi
    if control is None:
        return EffectQuestions(before, after, None, None, figure, effect.longer_than)
    of_control = replace(before, filters=control), replace(after, filters=control)
    return EffectQuestions(before, after, *of_control, figure, effect.longer_than)


def check_promise(kpi: Kpi, promised: PromisedEffect, pointer: str) -> None:
    """Refuse a promise of nothing, of more than all, and that the KPI becomes worse. Raises WrongValue."""
    change, direction = Decimal(promised.change), kpi.direction
    if change == 0:
        raise WrongValue(pointer=pointer, because="promise_of_nothing")
    if promised.of is PromisedAs.relative and change < -1:
        raise WrongValue(pointer=pointer, because="promise_of_more_than_all")
    if direction is not Direction.none and (change > 0) is not (direction is Direction.up):
        raise WrongValue({"direction": direction}, pointer=pointer, because="promise_to_worsen")


def _filters(scope: Mapping[Dimension, Sequence[str]]) -> Filters:
    return {dimension: tuple(values) for dimension, values in scope.items()}


def wrong_value(error: CannotAnswer, window: str, scope: str) -> WrongValue:
    """Return what is wrong in the payload: `from` and `to` are of a window, all else but `tz` of a scope."""
    place = {"from": f"/{window}/from", "to": f"/{window}/to", "tz": "/tz"}
    return WrongValue(
        error.words, pointer=place.get(error.field, f"/{scope}/{error.field}"), because=error.code
    )
