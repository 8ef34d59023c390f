"""The endpoints of KPIs: `/v1/kpis`. Figures, and the cases and events that they are computed from.

Only callers who may see every case of a process get its KPIs. A figure over the cases visible to a caller
could be mistaken for the overall figure, and one over few cases could disclose cases hidden from the caller.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api import csv_output as tables
from app.api import cursors, paging
from app.api.accept import language_for
from app.api.auth import Ledger, caller_of, context_of
from app.api.faults import Fault
from app.api.filters import CommaSeparated
from app.api.list_queries import AsOf, Paging
from app.api.openapi import in_language, or_table, problems
from app.api.problems import problem
from app.api.reads import require_past
from app.api.shapes import OutputModel
from app.common.people import Caller
from app.kernel.actor_policy import ActorPolicy
from app.kernel.ledger import Ledger as Services
from app.kernel.refusals import NotFound
from app.kernel.visibility import overseers, sees_every_record
from app.kpis import tabular
from app.kpis.answer import KpiAnswer, answer, wait_for_facts
from app.kpis.as_of import log_moment
from app.kpis.cases import KpiCase, cases
from app.kpis.catalogue import KPIS
from app.kpis.charts import KpiBehaviour, behaviour
from app.kpis.dimensions import Dimension
from app.kpis.filled_periods import filled_periods
from app.kpis.forecast import KpiForecast, forecast, running_bounds
from app.kpis.kpi import Kpi, Unit
from app.kpis.lag_notice import LAG_DESCRIPTION, lag_notice
from app.kpis.overview import overview, this_month
from app.kpis.periods import Grain
from app.kpis.question import CannotAnswer, Question, QuestionParameters, parse_question, zone_named
from app.kpis.shapes import KpiOut, KpiPage, KpiPeriod, KpiPeriodPage, KpiSummary
from app.log.canonical import from_instant, instant
from app.settings import Settings

AnswerT = TypeVar("AnswerT", KpiAnswer, KpiBehaviour, KpiForecast, "KpiPage", "KpiCasePage")
router = APIRouter(prefix="/v1/kpis", tags=["kpis"])
MOST_VALUES = 50
#: For responses that are also available as tables.
VARY = {"Vary": f"Accept, {paging.VARY['Vary']}"}
MOST_CASES = 10_000_000

Key = Annotated[str, Path(max_length=100, description="The KPI's key, as `incident_resolution_seconds`.")]
Values = Annotated[list[str] | None, CommaSeparated]


class KpiChoice(BaseModel):
    """Query parameters: the time zone of the running month."""

    model_config = ConfigDict(extra="forbid")

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="The time zone that the month is cut in (IANA). None: the organisation's."
    )


class KpiPeriodChoice(KpiChoice):
    """Query parameters: the time zone and the length of periods."""

    grain: Literal["week", "month", "quarter", "year"] = Field("month", description="How long a period is.")


class KpiCasePage(OutputModel):
    """The cases that a KPI counts, in the order of their decision, earliest first."""

    key: str
    unit: Unit
    tz: str
    begin: datetime = Field(
        serialization_alias="from", description="The first instant of the time asked for."
    )
    end: datetime = Field(serialization_alias="to", description="The first instant behind it.")
    position: int = Field(description="Up to which position of the log everything is in it.")
    lag_seconds: float = Field(description="Age of the first event that is not in it yet; 0: there is none.")
    behind: str | None = Field(default=None, description=LAG_DESCRIPTION)
    items: list[KpiCase]
    next_cursor: str | None = Field(description="Null on the last page.")


class KpiCuts(BaseModel):
    """Filters for the cases. Values of one filter are separated by commas; all filters must hold."""

    model_config = ConfigDict(extra="forbid")

    tz: Annotated[str | None, Field(max_length=64)] = Field(
        None, description="The time zone that periods are cut in (IANA). None: the organisation's."
    )
    priority: Values = Field(
        None, max_length=MOST_VALUES, description="Codes of priorities; `none`: without."
    )
    team: Values = Field(None, max_length=MOST_VALUES, description="Keys or ids of teams; `none`: without.")
    service: Values = Field(None, max_length=MOST_VALUES, description="Keys of services; `none`: without.")
    category: Values = Field(None, max_length=MOST_VALUES, description="Keys of categories; `none`: without.")
    channel: Values = Field(None, max_length=MOST_VALUES, description="Codes of channels; `none`: without.")
    assignee: Values = Field(None, max_length=MOST_VALUES, description="Ids of persons; `none`: without.")
    customer: Values = Field(
        None, max_length=MOST_VALUES, description="Keys or ids of customers' teams; `none`: without."
    )
    path: Values = Field(
        None, max_length=MOST_VALUES, description="Of requests: codes of fulfilment paths; `none`: without."
    )
    catalogue_item: Values = Field(
        None, max_length=MOST_VALUES, description="Of requests: keys of catalogue items; `none`: without."
    )
    approver_role: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Of approvals: codes of the roles that were asked; `none`: a group or persons.",
    )
    state: Values = Field(
        None, max_length=MOST_VALUES, description="Of the time in each state: codes of states, as `on_hold`."
    )
    source: Values = Field(
        None,
        max_length=MOST_VALUES,
        description="Of incidents: names of the tools that alerts come from, or else how they were reported, "
        "as `api` or `import:legacy`.",
    )
    from_team: Values = Field(
        None, max_length=MOST_VALUES, description="Of changes of team: keys or ids of who gave it away."
    )
    to_team: Values = Field(
        None, max_length=MOST_VALUES, description="Of changes of team: keys or ids of who got it."
    )
    change_type: Values = Field(None, max_length=MOST_VALUES, description="Of changes: codes of types.")
    risk: Values = Field(None, max_length=MOST_VALUES, description="Of changes: codes of risk levels.")
    verdict: Values = Field(None, max_length=MOST_VALUES, description="Of changes: `reviewed`, `computed`.")
    ci_class: Values = Field(None, max_length=MOST_VALUES, description="Of alterations: codes of classes.")
    authorisation: Values = Field(
        None, max_length=MOST_VALUES, description="`authorised`, `regularised`, `unauthorised`."
    )
    agreement: Values = Field(
        None, max_length=MOST_VALUES, description="Numbers or ids of agreements; `none`: without."
    )
    metric: Values = Field(
        None, max_length=MOST_VALUES, description="Of clocks: codes of what they measure, as `resolution`."
    )
    cause: Values = Field(
        None, max_length=MOST_VALUES, description="Of breaches: codes of causes, as `unknown`."
    )
    agreement_type: Values = Field(
        None, max_length=MOST_VALUES, description="Of agreements: `SLA`, `OLA`, `UC`."
    )
    owner: Values = Field(None, max_length=MOST_VALUES, description="Of agreements: ids of persons.")
    subject: Values = Field(None, max_length=MOST_VALUES, description="Of complaints: codes of subjects.")
    age: Values = Field(
        None, max_length=MOST_VALUES, description="Of what is open: codes of ages, as `1_to_3_days`."
    )

    def filter_values(self) -> dict[str, list[str]]:
        """Return the values of the filters by dimension."""
        return {dimension.value: getattr(self, dimension.value) or [] for dimension in Dimension}


class KpiFilters(KpiCuts):
    """Query parameters: the time, and filters for the cases."""

    begin: Annotated[str | None, Field(alias="from", max_length=40)] = Field(
        None,
        description="From when: a date (its midnight in `tz`), or a time with a zone. "
        "None: twelve months before `to`.",
    )
    end: Annotated[str | None, Field(alias="to", max_length=40)] = Field(
        None, description="Up to when, exclusive. None: the end of the running period."
    )

    def to_parameters(self, grain: Grain, by: list[Dimension]) -> QuestionParameters:
        """Return the parameters of the question."""
        return QuestionParameters(
            grain=grain.value,
            begin=self.begin,
            end=self.end,
            zone=self.tz,
            by=[dimension.value for dimension in by],
            filters=self.filter_values(),
        )


class KpiQuery(KpiFilters):
    """Query parameters: the time, the length of periods, the dimensions to group by, and filters."""

    grain: Grain = Field(Grain.month, description="How long a period is; `all`: one for the whole time.")
    by: Annotated[list[Dimension] | None, CommaSeparated] = Field(
        None, max_length=len(Dimension), description="What each period is cut by."
    )

    as_of: Annotated[
        AsOf | None,
        Field(
            description="As the log knew it at that instant, or after the event of that position: what was "
            "told later is not in it. It reads the whole log up to there."
        ),
    ] = None
    last_year: bool = Field(False, description="Show the same periods of the year before, too.")
    fresh: bool = Field(
        False,
        description="Wait until what was written before this request is in it, 2 seconds at the most; "
        "`lag_seconds` says whether it is.",
    )


class KpiBehaviourQuery(KpiFilters):
    """Query parameters: the time of a chart, the length of periods, and filters."""

    grain: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="How long a period is."
    )


class KpiForecastQuery(KpiCuts):
    """Query parameters: the running period, the cases expected in it, and filters."""

    grain: Literal["day", "week", "month", "quarter", "year"] = Field(
        "month", description="How long the period is."
    )
    more_cases: int | None = Field(
        None, ge=0, le=MOST_CASES, description="How many more cases will come; none: at the present pace."
    )


class KpiCaseQuery(KpiFilters, Paging):
    """Query parameters: the time, filters for the cases, and the page."""


@router.get("", operation_id="list_kpis", response_model=KpiPage, responses=in_language() | problems(422))
async def list_kpis(request: Request, ledger: Ledger, choice: Annotated[KpiChoice, Query()]) -> Response:
    """List the KPIs that the caller may see, each with its definition and its figures for this month."""
    language = language_for(request)
    caller = caller_of(request)
    zone = zone_named(choice.tz or ledger.settings.time_zone)
    kpis = [kpi for kpi in KPIS.values() if _may_see(ledger, caller, kpi)]
    of = ledger.settings
    month = this_month(zone, context_of(request).now, of.reopen_days, of.currency)
    found = await overview(ledger.db, kpis, month)
    page = KpiPage(
        tz=zone.key,
        position=found.position,
        lag_seconds=found.lag_seconds,
        items=[
            KpiSummary(**dict(describe_kpi(kpi, language)), present=present, last_year=last_year)
            for kpi, present, last_year in found.kpis
        ],
        next_cursor=None,
    )
    headers = paging.VARY | {"Content-Language": language}
    page = await _with_lag_notice(request, ledger, page)
    return Response(page.model_dump_json(by_alias=True), 200, headers, "application/json")


@router.get(
    "/periods", operation_id="list_kpi_periods", response_model=KpiPeriodPage, responses=problems(422)
)
async def list_kpi_periods(
    request: Request, ledger: Ledger, choice: Annotated[KpiPeriodChoice, Query()]
) -> Response:
    """List the periods that have any cases of the processes whose KPIs the caller may see."""
    caller, zone = caller_of(request), zone_named(choice.tz or ledger.settings.time_zone)
    processes = dict.fromkeys(kpi.process for kpi in KPIS.values() if _may_see(ledger, caller, kpi))
    found = await filled_periods(ledger.db, processes, Grain(choice.grain), zone)
    page = KpiPeriodPage(
        tz=zone.key,
        grain=choice.grain,
        position=found.position,
        lag_seconds=found.lag_seconds,
        items=[KpiPeriod(begin=begin, end=end) for begin, end in found.periods],
        next_cursor=None,
    )
    return Response(page.model_dump_json(by_alias=True), 200, paging.VARY, "application/json")


@router.get(
    "/{key}",
    operation_id="get_kpi",
    response_model=KpiAnswer,
    responses=or_table() | problems(403, 404, 422),
)
async def get_kpi(
    request: Request, ledger: Ledger, key: Key, query: Annotated[KpiQuery, Query()]
) -> Response:
    """Show a KPI period by period: without `by` every period, with it every cut that has any case."""
    now, position = context_of(request).now, None
    kpi = _permitted_kpi(request, ledger, key)
    if query.as_of is not None:
        await require_past(request, query.as_of)
        then = await log_moment(ledger.db, query.as_of, now)
        now, position = then.instant, then.position
    elif query.fresh:
        await wait_for_facts(ledger.db)
    question = question_of(ledger.settings, kpi, query.to_parameters(query.grain, query.by or []), now)
    question = replace(question, last_year=query.last_year)
    found = await _with_lag_notice(request, ledger, await answer(ledger.db, question, now, position=position))
    if tables.prefers_csv(request):
        return tables.csv_response(*tabular.series_table(found, question.by), VARY)
    return Response(found.model_dump_json(by_alias=True), 200, VARY, "application/json")


@router.get(
    "/{key}/behaviour",
    operation_id="get_kpi_behaviour",
    response_model=KpiBehaviour,
    responses=problems(403, 404, 422),
)
async def get_kpi_behaviour(
    request: Request, ledger: Ledger, key: Key, query: Annotated[KpiBehaviourQuery, Query()]
) -> Response:
    """Show whether a KPI varies as usual or something has changed, and in which period (XmR chart)."""
    now = context_of(request).now
    kpi = _permitted_kpi(request, ledger, key)
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain(query.grain), []), now)
    found = await _with_lag_notice(
        request, ledger, behaviour(kpi, await answer(ledger.db, question, now), now)
    )
    return Response(found.model_dump_json(by_alias=True), 200, paging.VARY, "application/json")


@router.get(
    "/{key}/forecast",
    operation_id="get_kpi_forecast",
    response_model=KpiForecast,
    responses=problems(403, 404, 422),
)
async def get_kpi_forecast(
    request: Request, ledger: Ledger, key: Key, query: Annotated[KpiForecastQuery, Query()]
) -> Response:
    """Show whether the running period can still meet its target, and what it would take."""
    now = context_of(request).now
    kpi = _permitted_kpi(request, ledger, key)
    zone, grain = zone_named(query.tz or ledger.settings.time_zone), Grain(query.grain)
    begin, end = running_bounds(grain, now, zone)
    time = {"begin": begin.isoformat(), "end": end.isoformat()}
    said = QuestionParameters(grain=grain.value, zone=zone.key, filters=query.filter_values(), **time)
    found = await forecast(ledger.db, question_of(ledger.settings, kpi, said, now), query.more_cases)
    found = await _with_lag_notice(request, ledger, found)
    return Response(found.model_dump_json(by_alias=True), 200, paging.VARY, "application/json")


@router.get(
    "/{key}/cases",
    operation_id="list_kpi_cases",
    response_model=KpiCasePage,
    responses=or_table() | problems(400, 403, 404, 422),
)
async def list_kpi_cases(
    request: Request, ledger: Ledger, key: Key, query: Annotated[KpiCaseQuery, Query()]
) -> Response:
    """List exactly the cases that the KPI counts, with their numbers and the events behind them."""
    kpi = _permitted_kpi(request, ledger, key)
    scope = f"cases of {key} {query.model_dump_json(exclude={'limit', 'cursor'})}"
    sign = ledger.vault.fingerprint
    now, after = context_of(request).now, None
    if query.cursor is not None:
        # All pages use the "now" of the first page, which decides the default time and the open cases.
        began, at, case_id, *numbers = cursors.read(query.cursor, scope, sign)
        position, given, *_ = (*map(int, numbers), 1)  # cursors of earlier versions lack the last number
        now, after = from_instant(began), (from_instant(at), UUID(case_id), position, given)
    question = question_of(ledger.settings, kpi, query.to_parameters(Grain.all, []), now)
    page = await cases(ledger.db, question, now, after=after, limit=query.limit)
    cursor = None
    if page.last is not None:
        at, *which = page.last
        cursor = cursors.write([instant(now), instant(at), *map(str, which)], scope, sign)
    found = KpiCasePage(
        key=key,
        unit=kpi.unit,
        tz=question.zone.key,
        begin=question.bounds[0],
        end=question.bounds[-1],
        position=page.position,
        lag_seconds=page.lag_seconds,
        items=page.cases,
        next_cursor=cursor,
    )
    found = await _with_lag_notice(request, ledger, found)
    headers = VARY | paging.link(request, cursor)
    if tables.prefers_csv(request):
        return tables.csv_response(
            *tabular.cases_table(found.model_dump(mode="json", by_alias=True)), headers
        )
    return Response(found.model_dump_json(by_alias=True), 200, headers, "application/json")


async def _with_lag_notice(request: Request, ledger: Ledger, found: AnswerT) -> AnswerT:
    """Return the answer, with a notice if it lags behind an import."""
    words = await lag_notice(ledger.db, found.position, found.lag_seconds, language_for(request))
    return found if words is None else found.model_copy(update={"behind": words})


def describe_kpi(kpi: Kpi, language: str) -> KpiOut:
    """Return the definition of the KPI in the language."""
    words = kpi.texts(language)
    return KpiOut(
        key=kpi.key,
        name=words.name,
        definition=words.definition,
        pitfalls=words.pitfalls,
        process=kpi.process,
        also=list(kpi.also),
        owner=kpi.owner,
        unit=kpi.unit,
        direction=kpi.direction,
        aggregate=kpi.aggregate,
        basis=kpi.basis,
        dimensions=list(kpi.dimensions),
    )


async def cannot_answer(request: Request, error: Exception) -> Response:
    """Return the problem document for the parameter of a question that cannot be answered."""
    assert isinstance(error, CannotAnswer)
    sentence = error.sentence(language_for(request))
    fault = Fault(parameter=error.field, code=error.code, message=sentence)
    return problem(request, 422, "invalid", words={"count": "1"}, errors=[fault])


def _permitted_kpi(request: Request, ledger: Services, key: str) -> Kpi:
    """Return the KPI of that key. Raises NotFound, or Forbidden if the caller may not see it."""
    kpi = KPIS.get(key)
    if kpi is None:
        raise NotFound()
    if not _may_see(ledger, caller_of(request), kpi):
        agents_see = ledger.settings.agents_see
        may = [overseers(ledger.lifecycles[kind], agents_see=agents_see) for kind in kpi.processes]
        raise ledger.forbidden(ActorPolicy(frozenset.intersection(*may)), language_for(request))
    return kpi


def _may_see(ledger: Services, caller: Caller, kpi: Kpi) -> bool:
    agents_see = ledger.settings.agents_see
    return all(
        sees_every_record(caller, ledger.lifecycles[kind], agents_see=agents_see) for kind in kpi.processes
    )


def question_of(of: Settings, kpi: Kpi, parameters: QuestionParameters, now: datetime) -> Question:
    """Return the question about the KPI under the organisation's settings. Raises CannotAnswer."""
    return parse_question(
        kpi,
        parameters,
        now=now,
        organisation_zone=of.time_zone,
        reopen_days=of.reopen_days,
        currency=of.currency,
    )
