"""Pages of a source: its test, which sends a delivery like its tool and shows the outcome, and its mapping,
with the result for a delivery.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.direct import Router
from app.api.pages.sent_forms import sent_form
from app.desk.administration.index import ADMINISTRATION
from app.desk.names import NAME
from app.desk.pages.context import Desk, open_desk
from app.desk.values import EMPTY
from app.i18n import sentences

router = Router(include_in_schema=False)
TEST = f"{ADMINISTRATION}/sources/{{name}}/test"
#: The parameter for the delivery that was sent.
DELIVERY = "delivery"
MAPPING = f"{ADMINISTRATION}/sources/{{name}}/mapping"
#: Names of the buttons on the page of a mapping.
PREVIEW, STORE, OF_ADAPTER = "preview", "store", "adapter"
MOST_DELIVERIES = "20"
WAITING, PROCESSED = "waiting", "processed"


@router.get(TEST)
async def get_source_test_page(request: Request, name: str) -> Response:
    """Return the page on which a test is sent to the source, with the outcome of the last one."""
    desk = open_desk(request)
    source = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    delivery = request.query_params.get(DELIVERY, "")
    outcome = await _delivery(desk, source, delivery) if NAME.fullmatch(delivery) else None
    return _answer(desk, source, outcome)


@router.post(TEST)
async def post_source_test(request: Request, name: str) -> Response:
    """Send the source a test delivery, and lead to its outcome."""
    desk = open_desk(request)
    source = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    answer = await desk.calls.send("POST", f"/v1/webhook_sources/{source['id']}/send_sample")
    if not answer.is_success:
        return _answer(desk, source, None, fault=answer.fault, status=answer.status)
    query = urlencode({DELIVERY: answer.document["delivery_id"]})
    return RedirectResponse(f"{TEST.format(name=source['id'])}?{query}", HTTP_303_SEE_OTHER)


async def _delivery(desk: Desk, source: Mapping[str, Any], delivery: str) -> Mapping[str, Any] | None:
    answer: Mapping[str, Any] | None = await desk.calls.read_if_allowed(
        f"/v1/webhook_sources/{source['id']}/deliveries/{delivery}"
    )
    return answer


def _answer(
    desk: Desk,
    source: Mapping[str, Any],
    delivery: Mapping[str, Any] | None,
    *,
    fault: str = "",
    status: int = 200,
) -> Response:
    records = [
        (f"/desk/{effect['record'].partition('/')[0]}/{effect['number']}", effect["number"])
        for effect in (delivery or {"effects": ()})["effects"]
        if effect["record"] and effect["number"]
    ]
    return desk.answer(
        "administration/source_test.html",
        desk.sentence("test_of", source=source["title"]),
        status=status,
        source=source,
        delivery=delivery,
        is_waiting=delivery is not None and delivery["state"] == WAITING,
        was_processed=delivery is not None and delivery["state"] == PROCESSED,
        records=list(dict.fromkeys(records)),
        fault=fault,
        form_address=TEST.format(name=source["id"]),
        all_deliveries=f"/dashboard/integrations/{quote(source['key'], safe='')}",
    )


@router.get(MAPPING)
async def get_mapping_page(request: Request, name: str) -> Response:
    """Return the page that edits the mapping of the source, with a preview."""
    desk = open_desk(request)
    source = await _source(desk, name)
    return await _mapping_page(desk, source, await _used_mapping(desk, source), "")


@router.post(MAPPING)
async def post_mapping_page(request: Request, name: str) -> Response:
    """Show the mapping's result for a delivery, or store the mapping, according to the button."""
    desk, form = open_desk(request), await sent_form(request)
    source = await _source(desk, name)
    mapping = form.first_value("mapping").replace("\r\n", "\n")
    button, delivery = form.first_value("do"), form.first_value(DELIVERY)
    if button == PREVIEW:
        return await _mapping_page(desk, source, mapping, delivery)
    own = mapping if button == STORE else None
    headers = {"if-match": f'"{form.first_value("version")}"'}
    path = f"/v1/webhook_sources/{source['id']}"
    answer = await desk.calls.send("PATCH", path, body={"mapping": own}, headers=headers)
    if answer.is_success:
        return RedirectResponse(f"/desk/webhook_source/{source['id']}?done=edit", HTTP_303_SEE_OTHER)
    errors = answer.document.get("errors") or ()
    fault = next((str(each["message"]) for each in errors), answer.fault)
    return await _mapping_page(desk, source, mapping, delivery, fault=fault, status=answer.status)


async def _source(desk: Desk, name: str) -> Mapping[str, Any]:
    """Return the source. Raises CallRefused."""
    source: Mapping[str, Any] = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    return source


async def _used_mapping(desk: Desk, source: Mapping[str, Any]) -> str:
    """Return the mapping that the source uses: its own, or that of its adapter; nothing for mail."""
    if source["mapping"] is not None:
        return str(source["mapping"])
    adapters = (await desk.calls.read("/v1/webhook_adapters"))["items"]
    texts = (each["mapping"] for each in adapters if each["key"] == source["adapter"])
    return next(texts, None) or ""


async def _mapping_page(
    desk: Desk,
    source: Mapping[str, Any],
    mapping: str,
    delivery: str,
    *,
    fault: str = "",
    status: int = 200,
) -> Response:
    path = f"/v1/webhook_sources/{source['id']}"
    page = await desk.calls.read(f"{path}/deliveries", {"limit": MOST_DELIVERIES})
    trial = {"mapping": mapping or None, "delivery": delivery or None}
    answer = await desk.calls.send("POST", f"{path}/try_mapping", body=trial)
    refused: Mapping[str, Any] = {"failure": answer.fault, "news": ()}
    preview: Mapping[str, Any] = answer.document if answer.is_success else refused
    return desk.answer(
        "administration/mapping.html",
        desk.sentence("mapping_of", source=source["title"]),
        status=status,
        source=source,
        mapping=mapping,
        fault=fault,
        failure=preview["failure"],
        mapping_key=preview.get("mapping_key"),
        ignored=preview.get("ignored"),
        news=[_news(desk, news) for news in preview["news"]],
        deliveries=[
            (each["id"], desk.display.instant(each["received_at"]))
            for each in page["items"]
            if each["has_content"]
        ],
        delivery=delivery,
        form_address=MAPPING.format(name=source["id"]),
    )


def _news(desk: Desk, news: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Return a piece of news of a delivery: its kind in words, and its facts, each with its label."""
    kind = str(news["kind"])
    words = sentences(desk.language)["integrations"].get(f"news_{kind}", kind)
    return words, list(_facts(desk, {name: value for name, value in news.items() if name != "kind"}))


def _facts(desk: Desk, fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _facts(desk, value)
        elif value not in EMPTY:
            label = desk.contract.field_label(name, {}, desk.language)
            yield label, desk.display.html(value, {}, name)
