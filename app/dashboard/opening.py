"""Beginning of every page of the dashboard: the reader, the chosen view, and the possible choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.listings.list_queries import AsOf
from app.common.priorities.priority import Priority
from app.dashboard.addresses import PROCESS_PAGES, ROOT
from app.dashboard.figures import FigureRow, figure_row, words_of_unit
from app.dashboard.processes.figures import may_open
from app.dashboard.saved_selections import SavedSelections, read_saved, selection_of
from app.dashboard.view import PageView, parse_view, recent_periods, without_unknown
from app.desk.pages.context import Desk, LiveNews, open_desk
from app.html.wording import Wording
from app.kernel.actions.refusals import WrongValue
from app.kpis.answers.as_of import past_moment
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import start_of
from app.kpis.questions.written_periods import period_key

#: The table of the sentences of these pages.
TABLE = "dashboard"
#: Pages that stand in the head besides, and those that stand in its menu.
FIRST_PAGES = ("", *PROCESS_PAGES, "improvement")
MORE_PAGES = ("conformance", "effects", "integrations", "kpis", "report", "summaries")
#: The first parts of the paths of pages whose figures can be seen again as of an instant.
FROZEN_PAGES = frozenset({"", "kpi", "team", "service", *PROCESS_PAGES})
LARGEST_PAGE = "200"
AS_OF: TypeAdapter[int | datetime] = TypeAdapter(AsOf)
NO_VALUES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class DashboardPage:
    """A page that somebody asked for: the desk that it is drawn by, its view, its currency, and the names of
    teams and services by their keys.
    """

    desk: Desk
    view: PageView
    currency: str
    names: Mapping[str, Mapping[str, str]]
    saved: SavedSelections
    #: The years that there are cases of, newest first.
    years: Sequence[str]
    #: The news since the page was made; None: the view is frozen, and nothing about it is new.
    live: LiveNews | None

    @property
    def language(self) -> str:
        """The language of the page."""
        return self.desk.language

    def sentence(self, code: str, **words: object) -> str:
        """Return the dashboard's sentence of that code."""
        return Wording(self.language, TABLE).sentence(code, **words)

    def unit_words(self, unit: str) -> ChartWords:
        """Return how values of that unit are written."""
        return words_of_unit(unit, self.language, self.view.zone, self.currency)

    def period_name(self, first: date | None = None) -> str:
        """Return the name of the period that begins on that day; None: of the chosen one."""
        begin = start_of(first or self.view.first, self.view.zone)
        return self.unit_words("number").period(begin, self.view.grain)

    def name_of(self, scope: str, key: str) -> str:
        """Return what a team or a service is called."""
        return self.names.get(scope, NO_VALUES).get(key, key)

    def of_scope(self, scope: str, key: str) -> DashboardPage:
        """Return the page of that team or service."""
        return replace(self, view=self.view.of_scope(scope, key))

    async def behaviours(self, keys: Sequence[str] | None = None, *, keep: bool = False) -> Mapping[str, Any]:
        """Return the behaviour of the KPIs, or of the watched ones, as the API gives it. `keep`: so that it
        can be asked for again with its `as_of`.
        """
        parameters = {**self.view.chart_parameters(), "judged": self.view.first.isoformat()}
        if keep:
            parameters["keep"] = "true"
        if self.view.as_of is not None and self.desk.request.query_params.get("recompute") == "true":
            parameters["recompute"] = "true"
        if keys is not None:
            parameters["keys"] = ",".join(keys)
        document: Mapping[str, Any] = await self.desk.calls.read("/v1/kpis/behaviours", parameters)
        return document

    def rows(self, items: Sequence[Mapping[str, Any]]) -> list[FigureRow]:
        """Return the KPIs as rows."""
        return [figure_row(item, self.view, self.language, self.currency) for item in items]

    def _may_open(self, pages: Sequence[str]) -> list[str]:
        """Return the pages whose figures the reader may see."""
        ledger, caller = ledger_of(self.desk.request), caller_of(self.desk.request)
        return [page for page in pages if may_open(ledger, caller, page)]

    def answer(
        self, template: str, title: str, *, path: str, status: int = 200, **values: object
    ) -> Response:
        """Return the page made from that template; its filters lead to its address, `path`."""
        view = self.view
        return self.desk.answer(
            f"/dashboard/{template}",
            title,
            status=status,
            page=self,
            live=self.live,
            view=view,
            say=self.sentence,
            path=path,
            root=ROOT,
            process_pages=PROCESS_PAGES,
            first_pages=self._may_open(FIRST_PAGES),
            more_pages=self._may_open(MORE_PAGES),
            can_freeze=path.removeprefix(ROOT).partition("/")[2].partition("/")[0] in FROZEN_PAGES,
            below=path.removeprefix(ROOT).removeprefix("/"),
            selection=selection_of(view, path.removeprefix(ROOT).removeprefix("/")),
            periods=[
                (period_key(view.grain, first), self.period_name(first)) for first in recent_periods(view)
            ],
            priorities=[priority.value for priority in Priority],
            **values,
        )


async def open_dashboard(request: Request) -> DashboardPage:
    """Return the page for the reader. Raises SignInNeeded."""
    desk = open_desk(request)
    ledger = ledger_of(request)
    position = await desk.log_position()
    as_of = await _as_of_instant(request)
    state = as_of is None  # a team that has been retired since has figures of then
    names = {
        "team": await _names(desk, "/v1/teams", "active" if state else None, "name"),
        "service": await _names(desk, "/v1/services", "live" if state else None, f"name_{desk.language}"),
        "priority": {priority.value: priority.value for priority in Priority},
    }
    view = parse_view(request.query_params.multi_items(), utc_now(), desk.display.zone, as_of)
    periods = await desk.calls.read_if_allowed("/v1/kpis/periods", {"grain": "year"})
    return DashboardPage(
        desk,
        without_unknown(view, names),
        ledger.settings.currency,
        names,
        await read_saved(desk),
        [] if periods is None else [item["from"][:4] for item in periods["items"]],
        desk.live_news(position) if as_of is None else None,
    )


async def _as_of_instant(request: Request) -> datetime | None:
    """Return the instant of the address's `as_of`; None if it is missing, or the log has not reached it."""
    text = request.query_params.get("as_of")
    if text is None:
        return None
    try:
        moment = await past_moment(ledger_of(request).db, AS_OF.validate_python(text), utc_now())
    except (ValidationError, WrongValue):
        return None
    return None if moment is None else moment.instant


async def _names(desk: Desk, path: str, state: str | None, field: str) -> Mapping[str, str]:
    parameters = {"limit": LARGEST_PAGE, "fields": f"key,{field}", **({"state": state} if state else {})}
    page = await desk.calls.read_if_allowed(path, parameters)
    items = [] if page is None else page["items"]
    return {
        item["key"]: item[field] or item["key"] for item in sorted(items, key=lambda item: item[field] or "")
    }
