"""Routes of articles, `/v1/articles`, and of those suggested for a ticket, `GET …/{id}/suggestions`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import OutputModel, Renderer
from app.api.requests.json_output import dump_json
from app.api.routes import Routes
from app.i18n.kind_nouns import with_article
from app.processes.articles.lifecycle import LIFECYCLE
from app.processes.articles.queries import LISTING, ArticleOut, Suggestions, suggested_articles
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/articles", tags=["articles"], route_class=DirectRoute)
#: The kinds of tickets that articles are suggested for, with their plurals.
SUGGESTED_KINDS = {"incident": "incidents"}
suggestions = Router(prefix="/v1", tags=["articles"], route_class=DirectRoute)


def _suggestions(kind: str) -> Callable[..., Any]:
    async def get_suggestions(request: Request, name: Name) -> Response:
        renderer = renderer_of(request, LISTING)
        of_case = Renderer(
            ledger_of(request), renderer.ledger.lifecycles[kind], OutputModel, caller_of(request), "en"
        )
        case = (await load_visible(of_case, name)).record
        answer = {"items": await suggested_articles(renderer, case)}
        headers = {**VARY, "Content-Language": renderer.language}
        return Response(dump_json(answer), headers=headers, media_type="application/json")

    return get_suggestions


for _kind, _plural in SUGGESTED_KINDS.items():
    suggestions.endpoint(
        f"/{_plural}/{{id}}/suggestions",
        f"Get {with_article(_kind)}'s suggestions",
        Suggestions,
        refused=(404, 422),
        responses=in_language(),
        operation_id=f"get_{_kind}_suggestions",
        description="Return published articles about the ticket's service, category or configuration "
        "item, the most likely first.",
    )(_suggestions(_kind))

mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ArticleOut)
mount_edit(router, LIFECYCLE, ArticleOut)
mount_children(router, LIFECYCLE, ArticleOut)


ROUTES = Routes(
    (
        router,
        suggestions,
    ),
    (LISTING,),
)
