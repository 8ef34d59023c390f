"""The endpoint that shows a record's document as a page: `/v1/improvements/{id}/documents/{number}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from starlette.responses import Response

from app.api.direct import Router
from app.api.listings.lists import Listing
from app.api.records.reads import Name, load_visible, renderer_of
from app.api.records.shapes import Renderer
from app.api.service.pages import page_to_keep
from app.foundation.documents.pages import PrintedPage
from app.i18n import kind_nouns

MOST_EDITIONS = 10_000
#: Returns the printed page of the record's document with that number, in the newest edition (None) or in the
#: given one. Raises NotFound if the record has no such document, or the caller may not see it.
PrintPage = Callable[[Any, Any, str, int | None], Awaitable[PrintedPage]]
#: A page to print.
PAGE_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The document as a page.",
        "content": {"text/html": {"schema": {"type": "string"}}},
        "headers": {"Content-Language": {}},
    }
}
DocumentNumber = Annotated[
    str, Path(max_length=100, description="Number of the document, such as `SL2026001`.")
]
PageLanguage = Annotated[
    Literal["en", "zh"] | None,
    Query(description="Language of the page; if left out, the language of the header `Accept-Language`."),
]


Edition = Annotated[
    int | None, Query(ge=1, le=MOST_EDITIONS, description="Number of the edition; if left out, the newest.")
]


async def page_of_record(
    request: Request,
    listing: Listing,
    name: str,
    language: str | None,
    print_record: Callable[[Renderer, Any], Awaitable[PrintedPage]],
) -> Response:
    """Return a page to print about one of the list's records, in the language or else in that of the request.
    Raises NotFound if the caller may not see the record.
    """
    renderer = renderer_of(request, listing)
    renderer.language = language or renderer.language
    printed = await print_record(renderer, (await load_visible(renderer, name)).record)
    return page_to_keep(renderer.language, printed.title, printed.body, printed.running_head)


def mount_document_pages(router: Router, listing: Listing, print_page: PrintPage) -> None:
    """Add the operation that shows a document of one of the list's records as a page to print."""
    lifecycle = listing.lifecycle
    called = kind_nouns.noun(lifecycle.kind)

    async def show_document(
        request: Request,
        name: Name,
        number: DocumentNumber,
        lang: PageLanguage = None,
        edition: Edition = None,
    ) -> Response:
        async def print_document(renderer: Renderer, record: Any) -> PrintedPage:
            return await print_page(renderer, record, number, edition)

        return await page_of_record(request, listing, name, lang, print_document)

    router.endpoint(
        "/{id}/documents/{number}",
        f"Get {kind_nouns.with_article(called)}'s document",
        refused=(404, 422),
        responses=PAGE_RESPONSE,
        operation_id=f"get_{lifecycle.kind}_document",
        description=f"Return one document of the {called} as a page to print on A4.",
    )(show_document)
