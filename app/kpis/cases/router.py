"""The KPIs that a record counts in: `GET /v1/incidents/{id}/kpis` and so on.

For a record that the caller may see, those KPIs that they may see; see `questions/access.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of, ledger_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.records.reads import Name
from app.api.records.shapes import OutputModel
from app.api.requests.accept import language_for
from app.common.times.clocks import ClockMetric
from app.i18n.kind_nouns import noun
from app.kernel.access.reads import load
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound
from app.kernel.visible_records import is_visible
from app.kpis.answers.point_parts import LagSeconds, LogPosition, PeriodBegin, PeriodEnd
from app.kpis.cases.counted_in import CountedIn, counted_in
from app.kpis.cases.counted_in_words import contribution
from app.kpis.cases.drill_down import Instant
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.access import may_see_kpi, question_of
from app.kpis.questions.parameters import KpiZone
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import QuestionParameters, zone_named
from app.kpis.questions.written_periods import period_key


class CountedInQuery(KpiZone):
    """Query parameters: the time zone and the length of periods."""

    grain: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="Length of a period."
    )


class KpiOfCase(OutputModel):
    """A KPI that counts the case in a period, with the value that is counted, as in the list of the KPI's
    cases.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str = Field(description="Key of the KPI.")
    name: str = Field(description="Name of the KPI, in the requested language.")
    unit: Unit
    period: str = Field(description="Period, as in addresses of pages: `2026-10`.")
    begin: PeriodBegin
    end: PeriodEnd
    decided_at: Instant = Field(
        description="Time that decides to which period the case belongs; for an open case, the time at "
        "which it was opened."
    )
    measure: int = Field(
        description="Value that is counted of the case: seconds, 1 or 0 for a share, a number, or 1 for "
        "a count."
    )
    contribution: str = Field(description="Value that is counted, in words of the requested language.")
    state: str | None = Field(
        description="State, for the time in each state; null if the case counts as a whole."
    )
    revision: str | None = Field(description="Revision, for a lead time to production; null for other KPIs.")
    clock: UUID | None = Field(description="Identifier of the clock that is counted; null for other KPIs.")
    metric: str | None = Field(
        description="Metric of the clock, or the key of the target KPI of an effect; null for other KPIs."
    )
    excluded: str | None = Field(description="Reason why only volumes count the case; null if all KPIs do.")


class KpiOfCasePage(OutputModel):
    """The KPIs that count a record, the newest period first, all on one page."""

    tz: str = Field(description="Time zone in which periods begin and end.")
    grain: Grain
    position: LogPosition
    lag_seconds: LagSeconds
    items: list[KpiOfCase]
    next_cursor: None = Field(description="Always null: there is only one page.")


def kpis_of_cases_router(lifecycles: Iterable[Lifecycle[Any]]) -> Router:
    """Return the routes of all kinds of records that a KPI counts."""
    router = Router(prefix="/v1", tags=["kpis"])
    counted_kinds = {kind for kpi in KPIS.values() for kind in kpi.processes}
    for lifecycle in lifecycles:
        if lifecycle.kind in counted_kinds:
            called = noun(lifecycle.kind)
            router.endpoint(
                f"/{lifecycle.plural}/{{id}}/kpis",
                f"List {called} figures",
                KpiOfCasePage,
                refused=(404, 422),
                responses=in_language(),
                operation_id=f"list_{lifecycle.kind}_kpis",
                description=f"List the KPIs that count one {called}, one entry for each KPI and period up to "
                "now, with the value that is counted. KPIs that the caller may not see are left out.",
            )(_endpoint(lifecycle))
    return router


def _endpoint(lifecycle: Lifecycle[Any]) -> Callable[..., Any]:
    async def list_kpis_of_case(
        request: Request, name: Name, query: Annotated[CountedInQuery, Query()]
    ) -> Response:
        ledger, caller, language = ledger_of(request), caller_of(request), language_for(request)
        loaded = await load(ledger.db, lifecycle, name)
        if loaded is None or not is_visible(ledger, lifecycle, caller, loaded.audience):
            raise NotFound()
        zone = zone_named(query.tz or ledger.settings.time_zone)
        parameters = QuestionParameters(grain=query.grain, zone=zone.key)
        questions = [
            question_of(ledger.settings, kpi, parameters, context_of(request).now)
            for kpi in KPIS.values()
            if lifecycle.kind in kpi.processes and may_see_kpi(ledger, caller, kpi)
        ]
        counted = await counted_in(ledger.db, questions, loaded.record.id)
        page = KpiOfCasePage(
            tz=zone.key,
            grain=Grain(query.grain),
            position=counted.position,
            lag_seconds=counted.lag_seconds,
            items=[_kpi_of_case(lifecycle, each, language) for each in counted.counted_in],
            next_cursor=None,
        )
        headers = VARY | {"Content-Language": language}
        return Response(page.model_dump_json(by_alias=True), 200, headers, "application/json")

    return list_kpis_of_case


def _kpi_of_case(lifecycle: Lifecycle[Any], counted: CountedIn, language: str) -> KpiOfCase:
    question = counted.question
    begin, end = question.bounds
    return KpiOfCase(
        key=question.kpi.key,
        name=question.kpi.texts(language).name,
        unit=question.kpi.unit,
        period=period_key(question.grain, begin.astimezone(question.zone).date()),
        begin=begin,
        end=end,
        decided_at=counted.decided_at,
        measure=counted.measure,
        contribution=contribution(counted, language, _counted_detail(lifecycle, counted, language)),
        state=counted.state,
        revision=counted.revision,
        clock=counted.clock,
        metric=counted.metric,
        excluded=counted.excluded,
    )


def _counted_detail(lifecycle: Lifecycle[Any], counted: CountedIn, language: str) -> str | None:
    """Return what is counted of a case that counts more than once: a state, a revision, a clock, a target."""
    if counted.state is not None:
        return lifecycle.states(counted.state).label(language)
    if counted.clock is not None and counted.metric is not None:
        return ClockMetric(counted.metric).label(language)
    if counted.metric is not None and counted.metric in KPIS:
        return KPIS[counted.metric].texts(language).name
    return counted.metric or counted.revision
