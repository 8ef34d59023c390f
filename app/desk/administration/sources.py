"""The test of a source, which sends a delivery like its tool, and shows what it would have led to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.desk.administration.index import ADMINISTRATION
from app.desk.administration.news import ShownNews, shown_news
from app.desk.names import NAME
from app.desk.pages.context import Desk, open_desk
from app.desk.pages.form.returns import return_link, with_return

router = Router(include_in_schema=False)
TEST = f"{ADMINISTRATION}/sources/{{name}}/test"
#: The parameter for the delivery that was sent.
DELIVERY = "delivery"
WAITING, PROCESSED = "waiting", "processed"


@router.get(TEST)
async def get_source_test_page(request: Request, name: str) -> Response:
    """Return the page on which a test is sent to the source, with the outcome of the last one."""
    desk = open_desk(request)
    source = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    delivery = request.query_params.get(DELIVERY, "")
    outcome = await _delivery(desk, source, delivery) if NAME.fullmatch(delivery) else None
    return await _answer(desk, source, outcome)


@router.post(TEST)
async def post_source_test(request: Request, name: str) -> Response:
    """Send the source a test delivery, and lead to its outcome."""
    desk = open_desk(request)
    source = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    path = f"/v1/webhook_sources/{source['id']}/send_sample"
    answer = await desk.calls.send("POST", path, parameters={"is_test": "true"})
    if not answer.is_success:
        return await _answer(desk, source, None, fault=answer.fault, status=answer.status)
    query = urlencode({DELIVERY: answer.document["delivery_id"]})
    address = with_return(desk, f"{TEST.format(name=source['id'])}?{query}")
    return RedirectResponse(address, HTTP_303_SEE_OTHER)


async def _delivery(desk: Desk, source: Mapping[str, Any], delivery: str) -> Mapping[str, Any] | None:
    answer: Mapping[str, Any] | None = await desk.calls.read_if_allowed(
        f"/v1/webhook_sources/{source['id']}/deliveries/{delivery}"
    )
    return answer


async def _answer(
    desk: Desk,
    source: Mapping[str, Any],
    delivery: Mapping[str, Any] | None,
    *,
    fault: str = "",
    status: int = 200,
) -> Response:
    processed = delivery if delivery is not None and delivery["state"] == PROCESSED else None
    return desk.answer(
        "administration/source_test.html",
        desk.sentence("test_of", source=source["title"]),
        status=status,
        source=source,
        delivery=delivery,
        is_waiting=delivery is not None and delivery["state"] == WAITING,
        was_processed=processed is not None and processed["reason"] is None,
        news=() if processed is None else await _news(desk, source, processed),
        fault=fault,
        form_address=with_return(desk, TEST.format(name=source["id"])),
        outcome_address=str(desk.request.url.replace(scheme="", netloc="")),
        way_back=return_link(desk),
        all_deliveries=f"/dashboard/integrations/{quote(source['key'], safe='')}",
    )


async def _news(desk: Desk, source: Mapping[str, Any], delivery: Mapping[str, Any]) -> list[ShownNews]:
    """Return what the test would have led to."""
    path = f"/v1/webhook_sources/{source['id']}/try_mapping"
    answer = await desk.calls.send("POST", path, body={"delivery": delivery["id"]})
    return [shown_news(desk, news, source) for news in answer.document["news"]] if answer.is_success else []
