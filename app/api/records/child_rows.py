"""Lists of a record's child rows in the order of time, as `GET /v1/incidents/{id}/comments`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.responses import problems
from app.api.direct import Router
from app.api.lazy_routes import Operation
from app.api.listings import cursors, list_queries
from app.api.listings.child_listings import ChildListing, render_rows
from app.api.listings.page_responses import page_response
from app.api.records.reads import Name, load_visible
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests.accept import language_for
from app.i18n.kind_nouns import noun
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import from_instant, instant


def mount_child_listing(
    router: Router, lifecycle: Lifecycle[Any], shape: type[OutputModel], rows: ChildListing, prefix: str = ""
) -> None:
    """Add the operation that lists these child rows."""
    router.add_operation("GET", f"{prefix}/{{id}}/{rows.name}", partial(_operation, lifecycle, shape, rows))


def _operation(lifecycle: Lifecycle[Any], shape: type[OutputModel], rows: ChildListing) -> Operation:
    described = {
        "operation_id": f"list_{lifecycle.kind}_{rows.name}",
        "summary": f"List {noun(lifecycle.kind)} {noun(rows.name)}",
        "description": f"Return {rows.about}.",
        "response_model": rows.page,
        "responses": problems(400, 404, 422),
    }
    return Operation(_endpoint(lifecycle, shape, rows), described)


def _endpoint(
    lifecycle: Lifecycle[Any], shape: type[OutputModel], rows: ChildListing
) -> Callable[..., Awaitable[Response]]:
    async def read(
        request: Request, name: Name, paging: Annotated[list_queries.ChildPaging, Query()]
    ) -> Response:
        language = language_for(request)
        renderer = Renderer(ledger_of(request), lifecycle, shape, caller_of(request), language)
        record = (await load_visible(renderer, name)).record
        return page_response(request, await _page(renderer, record, rows, paging))

    return read


async def _page(
    renderer: Renderer, record: Any, rows: ChildListing, paging: list_queries.ChildPaging
) -> dict[str, Any]:
    """Return one page of the record's child rows that the caller may see. Raises BadCursor."""
    sign, scope = renderer.ledger.vault.fingerprint, f"{record.row_key} {rows.name}"
    after, order = ">", ""
    if paging.newest_first:
        scope, after, order = f"{scope} newest first", "<", " desc"
    parameters: dict[str, Any] = {"record": record.row_key}
    conditions = ["r.record = %(record)s", rows.only(renderer, record, parameters)]
    if paging.cursor is not None:
        last_at, last_id = cursors.read(paging.cursor, scope, sign)
        conditions.append(f"(r.{rows.by}, r.id) {after} (%(last_at)s, %(last_id)s)")
        parameters |= {"last_at": from_instant(last_at), "last_id": UUID(last_id)}
    found_rows = await renderer.ledger.db.rows(
        f"select r.* from fold.{rows.row.KIND} r where {' and '.join(conditions)} "
        f"order by r.{rows.by}{order}, r.id{order} limit {paging.limit + 1}",
        parameters,
    )
    more, found_rows = len(found_rows) > paging.limit, found_rows[: paging.limit]
    cursor = None
    if more:
        cursor = cursors.write([instant(found_rows[-1][rows.by]), str(found_rows[-1]["id"])], scope, sign)
    items = await (rows.show or render_rows)(renderer, record, rows, found_rows)
    return {"items": items, "next_cursor": cursor}
