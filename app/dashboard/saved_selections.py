"""Saved selections of the dashboard: the saved views of the API whose kind is `dashboard`. Kept under a name,
for the reader or one of their teams; one may be the reader's first page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.listings.list_queries import AsOf
from app.api.listings.views import ViewKind
from app.api.pages.page_paths import DASHBOARD
from app.api.pages.sent_forms import sent_form
from app.dashboard.addresses import KIND
from app.dashboard.view import COMPARISONS, MOST_PERIODS, PageView
from app.desk.operation_calls import CallAnswer, CallRefused
from app.desk.pages.context import Desk, open_desk
from app.kpis.questions.written_periods import WRITTEN

router = Router(prefix=f"{DASHBOARD}/saved", include_in_schema=False)
LARGEST_PAGE = "200"
PERIOD = "|".join(f"^{pattern.pattern}$" for pattern in WRITTEN.values())
Chosen = Annotated[str | None, Field(min_length=1, max_length=1_000)]


class DashboardSelection(BaseModel):
    """Choices in an address of the dashboard; `page` is its path below `/dashboard`."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    page: Annotated[str, Field(max_length=200, pattern=r"^[a-z0-9_-]*(/[^/?#]+)?$")] = ""
    period: Annotated[str | None, Field(pattern=PERIOD)] = None
    grain: Literal["week", "month", "quarter", "year"] | None = None
    periods: Annotated[int | None, Field(ge=6, le=MOST_PERIODS)] = None
    compare: Annotated[str | None, Field(pattern=f"^({'|'.join(COMPARISONS)})$")] = None
    as_of: AsOf | None = None
    team: Chosen = None
    service: Chosen = None
    priority: Chosen = None
    tz: Chosen = None
    q: Chosen = None
    sort: Chosen = None
    by: Chosen = None
    process: Chosen = None


def address_of_selection(_view_id: UUID, query: str) -> str:
    """Return the address of the page that the query of a saved selection chooses."""
    parameters = parse_qsl(query)
    path = dict(parameters).get("page", "")
    # A selection without any choice is home itself, and no way to a first page.
    rest = [(name, value) for name, value in parameters if name != "page"] or [("view", "saved")]
    return f"{DASHBOARD}{'/' if path else ''}{path}?{urlencode(rest, safe=',:')}"


VIEWS = ViewKind(lambda: DashboardSelection, address_of_selection)


def selection_of(view: PageView, below: str) -> str:
    """Return the query by which the view of that page, by its path below the dashboard's, is saved. The
    default period is left out: it changes each month.
    """
    is_left_out = view.is_usual_period and view.as_of is None
    grain = view.grain.value if is_left_out and view.grain.value != "month" else None
    changes = {"period": None, "grain": grain} if is_left_out else {}
    query = view.address("", **changes).removeprefix("?")
    return urlencode({"page": below}, safe="/") + (f"&{query}" if query else "")


@dataclass(frozen=True, slots=True)
class SavedSelections:
    """The saved selections that the reader can use, the reader's id, and their teams."""

    items: Sequence[Mapping[str, Any]]
    reader_id: str
    teams: Sequence[Mapping[str, Any]]

    @property
    def home(self) -> Mapping[str, Any] | None:
        """The one that is the reader's first page."""
        return next((item for item in self.items if item["home"]), None)


async def read_saved(desk: Desk) -> SavedSelections:
    """Return what the reader can open, and what a form to save one is drawn with."""
    views = await desk.calls.read("/v1/views", {"kind": KIND, "limit": LARGEST_PAGE})
    reader = await desk.calls.read("/v1/me")
    items = sorted(views["items"], key=lambda item: item["name"].casefold())
    return SavedSelections(items, reader["person"]["id"], reader["teams"])


@router.post("/{view_id}")
async def post_saved_selection(request: Request, view_id: UUID) -> Response:
    """Save what is chosen under a name, and lead to it."""
    desk, form = open_desk(request), await sent_form(request)
    body: dict[str, Any] = {name: form.first_value(name) for name in ("name", "query")}
    body |= {"kind": KIND, "home": bool(form.first_value("home"))}
    if team := form.first_value("team"):
        body["team"] = team
    return lead_to(
        require_success(await desk.calls.send("PUT", f"/v1/views/{view_id}", body=body)).document["address"]
    )


@router.post("/{view_id}/home")
async def post_home_of_dashboard(request: Request, view_id: UUID) -> Response:
    """Make one of the reader's own selections their first page, or no longer."""
    desk = open_desk(request)
    view = await desk.calls.read(f"/v1/views/{view_id}")
    body = {name: view[name] for name in ("name", "kind", "query")} | {"home": not view["home"]}
    if view["team"] is not None:
        body["team"] = view["team"]["id"]
    require_success(await desk.calls.send("PUT", f"/v1/views/{view_id}", body=body))
    return lead_to(view["address"])


@router.post("/{view_id}/remove")
async def post_removal_of_selection(request: Request, view_id: UUID) -> Response:
    """Remove one of the reader's own selections."""
    desk = open_desk(request)
    require_success(await desk.calls.send("DELETE", f"/v1/views/{view_id}"))
    return lead_to(DASHBOARD)


def lead_to(address: str) -> Response:
    """Return the answer to a form that leads to that page."""
    return RedirectResponse(address, HTTP_303_SEE_OTHER)


def require_success(answer: CallAnswer) -> CallAnswer:
    """Return the answer. Raises CallRefused unless the operation did what was asked."""
    if not answer.is_success:
        raise CallRefused(answer)
    return answer
