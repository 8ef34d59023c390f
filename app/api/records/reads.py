"""Read operations of records: lists, single records, and a record's events; as of now, or of a time in the
past.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of, ledger_of
from app.api.contract.responses import problems, record_responses
from app.api.direct import Router
from app.api.lazy_routes import Operation, typed
from app.api.listings import views
from app.api.listings.list_queries import (
    ListQuery,
    RecordQuery,
    expanded_fields,
    on_request,
    requested_fields,
    wants_actions,
)
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY, VARY_BY_TYPE, page_response
from app.api.listings.paging import page
from app.api.records import events
from app.api.records.expand import expand
from app.api.records.partial import PartialPage, PartialRecord, media_type, or_partial
from app.api.records.shapes import Renderer
from app.api.replica_reads import reading_ledger_of, reads_replica
from app.api.requests.accept import language_for
from app.api.requests.etag import etag, matches
from app.api.requests.json_output import dump_json
from app.i18n import kind_nouns
from app.kernel.access.reads import VersionedRecord, load
from app.kernel.access.visibility import EVENT_READERS, can_see_events
from app.kernel.actions.actor_policy import role
from app.kernel.actions.lifecycle import Action
from app.kernel.actions.refusals import NotFound, WrongValue
from app.kernel.histories import history
from app.kernel.visible_records import acting_caller, is_visible, not_found
from app.log import read

OK = 200
IfNoneMatch = Annotated[
    str | None,
    Header(
        description="ETag of the answer that the client already has; the answer is 304 if it is still "
        "current."
    ),
]
Name = Annotated[
    str,
    Path(
        alias="id", max_length=250, description="Id or number of the record, or its name in another system."
    ),
]


async def load_permitted(request: Request, listing: Listing, row: Action[Any, Any], name: str) -> Any:
    """Return the record of that name, if the caller may perform the action on it in its state; None: it will
    be refused, and nothing need be computed for that. Raises NotFound.
    """
    renderer = renderer_of(request, listing)
    loaded = await load_visible(renderer, name)
    record = loaded.record
    acting = acting_caller(renderer.ledger, renderer.lifecycle, renderer.caller, loaded.audience)
    return record if row.is_open_in(record.state) and row.policy.allows(acting, record) else None


#: Called before a record is given to somebody, with who asks and the record; what it raises is answered.
RecordDelivery = Callable[[Request, Any], Awaitable[None]]


def mount_reads(
    router: Router,
    listing: Listing,
    *,
    prefix: str = "",
    shows_one: bool = True,
    lists: bool = True,
    before: RecordDelivery | None = None,
) -> None:
    """Add the operations that list records of that kind, show one, and list its events. Without `shows_one`
    the router shows one by an operation of its own, and without `lists` it lists them so. `before` is called
    each time before one is given to somebody.
    """
    if lists:
        router.add_operation("GET", prefix, partial(_list_operation, listing))
    if shows_one:
        router.add_operation("GET", f"{prefix}/{{id}}", partial(_record_operation, listing, before))
    router.add_operation("GET", f"{prefix}/{{id}}/events", partial(_events_operation, listing))


def _list_operation(listing: Listing) -> Operation:
    nouns = kind_nouns.nouns(listing.lifecycle.kind, listing.lifecycle.plural)
    described = {
        "operation_id": f"list_{listing.lifecycle.plural}",
        "summary": f"List {nouns}",
        "description": f"Return the {nouns} that the caller may see, a page at a time.",
        "response_model": listing.page,
        "responses": or_partial(PartialPage) | problems(400, 422),
    }
    return Operation(_list_endpoint(listing), described)


def _record_operation(listing: Listing, before: RecordDelivery | None) -> Operation:
    called = kind_nouns.noun(listing.lifecycle.kind)
    described = {
        "operation_id": f"get_{listing.lifecycle.kind}",
        "summary": f"Get {kind_nouns.with_article(called)}",
        "description": f"Return one {called} as it is now, or as it was at an earlier time (`as_of`).",
        "response_model": listing.shape,
        "responses": or_partial(PartialRecord) | record_responses(),
    }
    return Operation(_record_endpoint(listing, before), described)


def _events_operation(listing: Listing) -> Operation:
    called = kind_nouns.noun(listing.lifecycle.kind)
    described = {
        "operation_id": f"list_{listing.lifecycle.kind}_events",
        "summary": f"List {called} events",
        "description": f"Return the events of one {called}, the oldest first.",
        "response_model": events.EventPage,
        "responses": problems(400, 404, 422),
    }
    return Operation(_events_endpoint(listing), described)


def renderer_of(request: Request, listing: Listing) -> Renderer:
    """Return the renderer that shows the list's records to the caller."""
    # As a FastAPI dependency this would take a tenth of the time of reading a record.
    language = language_for(request)
    return listing.renderer(
        ledger_of(request), listing.lifecycle, listing.shape, caller_of(request), language
    )


def list_renderer_of(request: Request, listing: Listing) -> Renderer:
    """Return the renderer of an operation that may be answered from a replica."""
    renderer = renderer_of(request, listing)
    renderer.ledger = reading_ledger_of(request)
    return renderer


async def load_visible(renderer: Renderer, name: str) -> VersionedRecord[Any]:
    """Return the record with that name. Raises NotFound also if the caller may not see it: none of the
    record's audience tokens is theirs, and no role of theirs sees every record of the kind.
    """
    loaded = await load(renderer.ledger.db, renderer.lifecycle, name)
    if loaded is None:
        raise await not_found(renderer.ledger, renderer.lifecycle, renderer.caller, name)
    if not is_visible(renderer.ledger, renderer.lifecycle, renderer.caller, loaded.audience):
        raise NotFound()
    return loaded


def _list_endpoint(listing: Listing) -> Callable[..., Any]:
    @reads_replica
    async def list_records(request: Request, query: ListQuery) -> Response:
        renderer = list_renderer_of(request, listing)
        renderer.fields, renderer.offers = requested_fields(query), wants_actions(query)
        renderer.extras = on_request(query)
        saved = await views.saved_selection(listing, renderer, query.view)
        answer = await page(listing, renderer, query, saved)
        return page_response(request, answer, media_type(request, query))

    return typed(list_records, "query", Annotated[listing.query, Query()])


def _record_endpoint(listing: Listing, before: RecordDelivery | None) -> Callable[..., Any]:
    async def show_record(
        request: Request, name: Name, query: RecordQuery, if_none_match: IfNoneMatch = None
    ) -> Response:
        renderer = renderer_of(request, listing)
        renderer.fields, renderer.extras = requested_fields(query), on_request(query)
        await require_past(request, query.as_of)
        loaded = await load_visible(renderer, name)
        record = loaded.record
        if query.as_of is not None:
            record = await history.record_as_of(
                renderer.ledger.db, listing.lifecycle, record.row_key, query.as_of
            )
            if record is None:
                raise NotFound()
            renderer.is_past = True
        out = await renderer.render_one(record, loaded.audience)
        await expand(listing, renderer, [out], expanded_fields(query))
        headers = {"Content-Language": renderer.language, **VARY_BY_TYPE}
        kind = media_type(request, query)
        response = etag_response(dump_json(out), record.version, headers, if_none_match, kind)
        if before is not None and response.status_code == OK:
            await before(request, loaded.record)
        return response

    return typed(show_record, "query", Annotated[listing.record_query, Query()])


def _events_endpoint(listing: Listing) -> Callable[..., Any]:
    async def list_events(
        request: Request, name: Name, paging: Annotated[events.EventPaging, Query()]
    ) -> Response:
        renderer = renderer_of(request, listing)
        await require_past(request, paging.as_of)
        loaded = await load_visible(renderer, name)
        _require_event_reader(renderer, loaded.audience)
        event_page = await events.page(renderer, loaded.record, paging)
        return Response(dump_json(event_page), headers=VARY, media_type="application/json")

    return list_events


def _require_event_reader(renderer: Renderer, audience: list[str]) -> None:
    """Require that the caller, who sees the record with that audience, may see its events. Raises
    Forbidden.
    """
    ledger = renderer.ledger
    may_see = can_see_events(
        renderer.caller, renderer.lifecycle, audience, agents_see=ledger.settings.agents_see
    )
    if not may_see:
        raise ledger.forbidden(role(*EVENT_READERS), renderer.language)


async def require_past(request: Request, as_of: int | datetime | None) -> None:
    """Refuse an `as_of` beyond the end of the log, since a later request would be answered differently.
    Raises WrongValue.
    """
    if as_of is not None and await read.is_beyond_head(ledger_of(request).db, as_of, context_of(request).now):
        raise WrongValue(parameter="as_of", because="ahead_of_the_log")


def etag_response(
    body: bytes,
    version: int,
    headers: Mapping[str, str],
    if_none_match: str | None,
    media_type: str = "application/json",
) -> Response:
    """Return the response that shows a record at that version; 304 if the client already has this answer."""
    tag = etag(version, body)
    headers = {"ETag": tag, **headers}
    if matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)
