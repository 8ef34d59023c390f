"""Routes of saved views: `/v1/views`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.problems import problem
from app.api.contract.responses import problems, record_responses
from app.api.direct import Router
from app.api.listings import cursors, views
from app.api.listings.list_queries import Paging
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY, page_response
from app.api.listings.views import ViewKind
from app.api.pages.page_paths import DESK
from app.api.records.actions import IfMatch
from app.api.records.reads import IfNoneMatch, etag_response
from app.api.records.shapes import OutputModel, PersonStub, TeamStub, page_of
from app.api.requests.accept import language_for
from app.api.requests.etag import versions_of
from app.api.requests.faults import Fault, fault_of
from app.common.duties import GivenDuty
from app.common.people import Caller
from app.common.records import CodeEnum, ForeignRef
from app.kernel.access.directory import CachedTeam as Team
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.payloads import Reference, ShortText
from app.kernel.actions.refusals import Forbidden, NotFound, VersionMismatch, WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.platform.db import Row

LONGEST_QUERY = 4_000
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
ViewId = Annotated[
    UUID, Path(alias="id", description="Identifier of the view: a UUID that the client creates.")
]


class ViewRole(CodeEnum):
    """Role of a person in a view."""

    owner = "owner", "the person who saved it", "保存者"


class SaveView(BaseModel):
    """A named filter and sort order of a list, or a selection on a page of the dashboard."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: ShortText = Field(description="Name of the view.")
    kind: ShortText = Field(
        description="Kind of the list's records, such as `incident`; `dashboard` for a view of the dashboard."
    )
    query: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUERY, pattern=PRINTABLE)] = (
        Field(
            description="Filters and `sort` of the list as in its address: "
            "`state=new&sort=-opened_at`. For the dashboard, the selection of its address "
            "with the path below it as `page`: `page=kpi/backlog&team=mail`.",
            examples=["state=new&sort=-opened_at"],
        )
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.recorded)] | None = Field(
        default=None,
        description="Team of the caller with which the view is shared: its key or id; null if it "
        "is not shared.",
    )
    home: bool = Field(
        default=False, description="True if the view is the owner's start page, in place of any other view."
    )


class ViewOut(OutputModel):
    """A named filter and sort order of a list, or what is chosen on a page of the dashboard."""

    id: UUID
    version: int = Field(description="Version of the view for If-Match.")
    name: str = Field(description="Name of the view.")
    kind: str = Field(
        description="Kind of the list's records, such as `incident`; `dashboard` for a view of the dashboard."
    )
    query: str = Field(
        description="Filters and `sort` of the list, or the selection on the dashboard, as in an address."
    )
    owner: PersonStub
    team: TeamStub | None = Field(description="Team with which the view is shared; null if it is not shared.")
    home: bool = Field(description="True if the view is the caller's start page.")
    address: str | None = Field(
        description="Address of the page (HTML); null if the page no longer exists.",
        examples=["/dashboard/kpi/backlog?team=mail"],
    )
    changed_at: datetime = Field(description="Time of the last change.")


class ViewQuery(Paging):
    """The kind of records and the page of the views listed."""

    kind: Annotated[str | None, Field(max_length=100, description="Kind of the records, or `dashboard`.")] = (
        None
    )


def router_of(listings: Sequence[Listing], other_kinds: Mapping[str, ViewKind]) -> Router:
    """Return the router of views of these lists, and of these other pages."""
    router = Router(prefix="/v1/views", tags=["views"])
    by_kind = {listing.lifecycle.kind: _of_list(listing) for listing in listings} | dict(other_kinds)

    async def save_view(
        request: Request, view_id: ViewId, body: SaveView, if_match: IfMatch = None
    ) -> Response:
        """Save a view under an id that the client chooses, or replace it. Sending it again changes
        nothing.
        """
        ledger, caller = ledger_of(request), caller_of(request)
        if caller.is_read_only:
            raise ledger.forbidden(anybody, language_for(request))
        wrong = _query_fault(request, by_kind, body)
        if wrong is not None:
            return problem(request, 422, "invalid", words={"count": "1"}, errors=[wrong])
        team = None if body.team is None else await _own_team(ledger, caller, body.team)
        fields = {"name": body.name, "kind": body.kind, "query": body.query, "team": team, "home": body.home}
        row = await views.save(ledger.db, caller, view_id, fields, versions_of(if_match))
        if row is None:
            raise await _refusal(request, view_id)
        (out,) = await _render_views(request, by_kind, [row])
        return Response(to_json(out), media_type="application/json")

    async def list_views(request: Request, query: Annotated[ViewQuery, Query()]) -> Response:
        """List the caller's own views, and those that are shared with the caller's teams."""
        rows, cursor = await _page_of_views(request, query)
        items = await _render_views(request, by_kind, rows)
        return page_response(request, {"items": items, "next_cursor": cursor})

    async def get_view(request: Request, view_id: ViewId, if_none_match: IfNoneMatch = None) -> Response:
        """Return one view."""
        (out,) = await _render_views(request, by_kind, [await _load_view(request, view_id)])
        headers = {"Content-Language": language_for(request), **VARY}
        return etag_response(to_json(out), out["version"], headers, if_none_match)

    router.get(
        "",
        operation_id="list_views",
        summary="List views",
        response_model=page_of(ViewOut, "the views that the caller can use"),
        responses=problems(400, 422),
    )(list_views)
    router.get(
        "/{id}",
        operation_id="get_view",
        summary="Get a view",
        response_model=ViewOut,
        responses=record_responses(),
    )(get_view)
    saved = problems(400, 403, 404, 412, 413, 415, 422)
    router.put(
        "/{id}", operation_id="save_view", summary="Save a view", response_model=ViewOut, responses=saved
    )(save_view)
    refusals = problems(403, 404, 422)
    router.delete(
        "/{id}", operation_id="remove_view", summary="Remove a view", status_code=204, responses=refusals
    )(remove_view)
    return router


async def _page_of_views(request: Request, query: ViewQuery) -> tuple[Sequence[Row], str | None]:
    """Return the rows of the page, and the cursor of the next one; None: it is the last."""
    ledger, caller = ledger_of(request), caller_of(request)
    scope, sign = f"views {query.kind}", ledger.vault.fingerprint
    after = None if query.cursor is None else UUID(cursors.read(query.cursor, scope, sign)[0])
    kind = None if query.kind is None else query.kind.replace("\x00", "")
    rows = await views.page(ledger.db, caller, kind, after, query.limit + 1)
    page_rows = rows[: query.limit]
    more = len(rows) > query.limit
    cursor = cursors.write([str(page_rows[-1]["id"])], scope, sign) if more else None
    return page_rows, cursor


async def remove_view(request: Request, view_id: ViewId) -> Response:
    """Remove one of the caller's own views."""
    view = await _load_view(request, view_id)
    if view["owner_id"] != caller_of(request).person_id:
        raise _not_owner(request)
    await views.remove(ledger_of(request).db, view_id)
    return Response(status_code=204)


async def _load_view(request: Request, view_id: UUID) -> Row:
    """Return the view of that id. Raises NotFound also for a view that the caller may not see."""
    view = await views.find_view(ledger_of(request).db, caller_of(request), view_id)
    if view is None:
        raise NotFound()
    return view


async def _refusal(request: Request, view_id: UUID) -> Exception:
    """Return the refusal with the reason why the view could not be saved."""
    view = await views.find_view(ledger_of(request).db, caller_of(request), view_id)
    if view is None:
        mine = await views.count_of(ledger_of(request).db, caller_of(request))
        too_many = mine >= views.MOST_VIEWS
        words = {"most": str(views.MOST_VIEWS)}
        return WrongValue(words, pointer="", because="too_many_views") if too_many else NotFound()
    if view["owner_id"] != caller_of(request).person_id:
        return _not_owner(request)
    return VersionMismatch(more={"version": view["version"]})


def _not_owner(request: Request) -> Forbidden:
    language = language_for(request)
    return Forbidden({"who": ViewRole.owner.label(language)})


def _query_fault(request: Request, by_kind: Mapping[str, ViewKind], body: SaveView) -> Fault | None:
    """Return the fault in the view's query as the list itself would report it; None: the query is valid."""
    view_kind = by_kind.get(body.kind)
    if view_kind is None:
        raise WrongValue({"value": body.kind}, pointer="/kind", because="unknown_value")
    try:
        views.parse_selection(view_kind.selection(), body.query)
    except ValidationError as error:
        language = language_for(request)
        first = error.errors()[0]
        fault = fault_of(
            language, {**first, "loc": ("query", *first["loc"])}, sorted(view_kind.selection().model_fields)
        )
        message = f"{fault.parameter}: {fault.message}"
        return Fault(pointer="/query", code=fault.code, message=message)
    return None


async def _own_team(ledger: Ledger, caller: Caller, name: str) -> UUID:
    """Return the id of the caller's team of that key or id. Raises WrongValue."""
    for team in (await ledger.directory.teams()).values():
        if name in (team.key, str(team.id)) and team.id in caller.teams:
            return team.id
    raise WrongValue({"kind": "team", "name": name}, pointer="/team", because="no_team_of_yours")


def _of_list(listing: Listing) -> ViewKind:
    kind = listing.lifecycle.kind
    return ViewKind(lambda: listing.selection, lambda view_id, _query: f"{DESK}/{kind}?view={view_id}")


async def _render_views(
    request: Request, by_kind: Mapping[str, ViewKind], rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """Return the views as clients see them."""
    ledger, me = ledger_of(request), caller_of(request).person_id
    names = await ledger.directory.names({row["owner_id"] for row in rows})
    texts = await ledger.vault.texts(names.values())
    shared = {row["team_id"] for row in rows} - {None}
    teams = await ledger.directory.teams(shared) if shared else {}
    return [
        {
            "id": row["id"],
            "version": row["version"],
            "name": row["name"],
            "kind": row["kind"],
            "query": row["query"],
            "owner": {"id": row["owner_id"], "name": texts.get(names.get(row["owner_id"], ""))},
            "team": None if row["team_id"] is None else _stub(teams[row["team_id"]]),
            "home": row["home"] and row["owner_id"] == me,
            "address": by_kind[row["kind"]].address(row["id"], row["query"])
            if row["kind"] in by_kind
            else None,
            "changed_at": instant(row["changed_at"]),
        }
        for row in rows
    ]


def _stub(team: Team) -> dict[str, Any]:
    return {"id": team.id, "key": team.key, "name": team.name}
