"""Freezing baselines: all of a command in one snapshot of the facts, which names its log position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.common.records import Record, jsonb_ordered
from app.kernel.actions.context import ActionContext
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import LARGEST_ANSWER, count, facts_position, snapshot_connection
from app.kpis.answers.days import empty_figures
from app.kpis.answers.series import cases_of, value_of
from app.kpis.baselines.payloads import BaselineQuestion, baseline_question, decimal_text, wrong_question
from app.kpis.baselines.records import KpiBaseline
from app.kpis.effects.lifecycle import filters_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection, Database
from app.platform.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenBaseline:
    """The value of a KPI in a window, and the settings that it was counted by."""

    name: str
    kpi: str
    scope: dict[str, Any]
    begins_at: datetime
    ends_at: datetime
    zone: str
    currency: str
    reopen_days: int
    value: str | None
    cases: int


@dataclass(frozen=True, slots=True)
class FrozenBaselines:
    """The baselines of a command in the order of its targets, and the log position of all of them."""

    baselines: tuple[FrozenBaseline, ...]
    position: int
    frozen_at: datetime

    def baseline_named(self, name: str) -> FrozenBaseline:
        """Return the baseline of the target with that key."""
        return next(baseline for baseline in self.baselines if baseline.name == name)


@dataclass(frozen=True, slots=True)
class CountedKpi:
    """The value of a KPI as a decimal text, or None, and the number of its cases."""

    value: str | None
    cases: int


async def freeze_baselines(
    ledger: Ledger, baseline_questions: Sequence[BaselineQuestion], now: datetime, field: str = "targets"
) -> FrozenBaselines:
    """Compute the baselines of all targets in one snapshot of the facts, as far as these have come.

    `field` is the payload's list of them. Raises WrongValue for what cannot be asked, DatabaseGone.
    """
    return await freeze(ledger.db, ledger.settings, baseline_questions, now, field)


async def freeze(
    db: Database,
    settings: Settings,
    baseline_questions: Sequence[BaselineQuestion],
    now: datetime,
    field: str = "targets",
) -> FrozenBaselines:
    """Compute the baselines by the facts as they stand. Raises as `freeze_baselines` does."""
    questions = [
        baseline_question(
            baseline,
            f"/{field}/{n}",
            zone=settings.time_zone,
            now=now,
            reopen_days=settings.reopen_days,
            currency=settings.currency,
        )
        for n, baseline in enumerate(baseline_questions)
    ]
    frozen_baselines = []
    async with snapshot_connection(db) as connection:
        position, _ = await facts_position(connection)
        for n, (baseline, question) in enumerate(zip(baseline_questions, questions, strict=True)):
            try:
                counted = await count_kpi(connection, question)
            except CannotAnswer as error:
                raise wrong_question(error, f"/{field}/{n}") from error
            frozen_baselines.append(
                FrozenBaseline(
                    name=baseline.name,
                    kpi=baseline.kpi,
                    scope=filters_of(baseline.scope),
                    begins_at=question.bounds[0],
                    ends_at=question.bounds[-1],
                    zone=question.zone.key,
                    currency=question.currency,
                    reopen_days=question.reopen_days,
                    value=counted.value,
                    cases=counted.cases,
                )
            )
    return FrozenBaselines(tuple(frozen_baselines), position, now)


async def count_kpi(connection: Connection, question: KpiQuestion) -> CountedKpi:
    """Count the KPI in the question's one period, by the facts, as `GET /v1/kpis/{key}` does.

    Raises CannotAnswer.
    """
    figures = await count(connection, question, question.now, most=LARGEST_ANSWER)
    nothing = empty_figures(question.kpi, begun=question.bounds[0] < question.now)
    cell = figures.get((1, ())) or nothing
    return CountedKpi(decimal_text(value_of(question.kpi, cell)), cases_of(question.kpi, cell))


def add_baselines(record: Record, ctx: ActionContext) -> FrozenBaselines:
    """Add the prepared baselines to the record, and return them."""
    frozen = ctx.prepared(FrozenBaselines)
    for baseline in frozen.baselines:
        ctx.outcome.add(
            KpiBaseline(
                id=ctx.new_id(),
                record=record.row_key,
                name=baseline.name,
                kpi=baseline.kpi,
                scope=jsonb_ordered(dict(baseline.scope)),
                begins_at=baseline.begins_at,
                ends_at=baseline.ends_at,
                zone=baseline.zone,
                currency=baseline.currency,
                reopen_days=baseline.reopen_days,
                value=baseline.value,
                cases=baseline.cases,
                position=frozen.position,
                frozen_at=frozen.frozen_at,
            )
        )
    return frozen
