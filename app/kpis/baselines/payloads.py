"""Question of a target in a plan or a proposal to its KPI, whose answer is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import Field

from app.kernel.actions.payloads import PayloadPart, RecordKey, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.effects.lifecycle import EffectWindow, Scope
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question


class BaselineQuestion(PayloadPart):
    """A KPI, the window before a change, and the cases in it, whose value becomes the baseline."""

    name: RecordKey = Field(
        description="Key of the target, unique within its record.", examples=["restore-faster"]
    )
    kpi: RecordKey = Field(description="Key of the KPI.", examples=["incident_resolution_seconds"])
    before: EffectWindow = Field(
        description="Window of the baseline, which must be over.",
        examples=[{"from": "2020-01-01", "to": "2020-02-01"}],
    )
    scope: Scope = Field(default={}, description="Filters of the cases, by dimension; empty for all cases.")
    tz: ShortText | None = Field(
        default=None, description="Time zone of dates (IANA); if left out, the organisation's."
    )


def check_baseline_questions(
    baselines: Sequence[BaselineQuestion], zone: str, now: datetime, field: str = "targets"
) -> None:
    """Check what can be seen without the facts: KPIs, dimensions, windows that are over, each name once.

    `field` is the payload's list. Raises WrongValue.
    """
    names = set[str]()
    for n, baseline in enumerate(baselines):
        if baseline.name in names:
            raise WrongValue(pointer=f"/{field}/{n}/name", because="each_once")
        names.add(baseline.name)
        baseline_question(baseline, f"/{field}/{n}", zone=zone, now=now)


def baseline_question(
    baseline: BaselineQuestion,
    pointer: str,
    *,
    zone: str,
    now: datetime,
    reopen_days: int = 0,
    currency: str = "",
) -> KpiQuestion:
    """Return the checked question. Raises WrongValue, at `pointer`, for what cannot be asked."""
    kpi = KPIS.get(baseline.kpi)
    if kpi is None:
        raise WrongValue({"value": baseline.kpi}, pointer=f"{pointer}/kpi", because="unknown_value")
    parameters = QuestionParameters(
        grain=Grain.all.value,
        begin=baseline.before.begin,
        end=baseline.before.end,
        zone=baseline.tz,
        filters={dimension.value: values for dimension, values in baseline.scope.items()},
    )
    try:
        question = parse_question(
            kpi,
            parameters,
            now=now,
            organisation_zone=zone,
            reopen_days=reopen_days,
            currency=currency,
        )
    except CannotAnswer as error:
        raise wrong_question(error, pointer) from error
    if question.bounds[-1] > now:
        raise WrongValue(pointer=f"{pointer}/before/to", because="baseline_not_over")
    return question


def wrong_question(error: CannotAnswer, pointer: str) -> WrongValue:
    """Return what is wrong with the question at `pointer`."""
    place = {"from": "before/from", "to": "before/to", "tz": "tz"}
    return WrongValue(
        error.words,
        pointer=f"{pointer}/{place.get(error.field, f'scope/{error.field}')}",
        because=error.code,
    )


def decimal_text(value: float | None) -> str | None:
    """Return the value as a decimal text without trailing zeros, since the log holds no fractional numbers,
    or None.
    """
    if value is None:
        return None
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
