"""Routes of the pages of integrations: those that fail or are silent first, then all of them; one source with
its deliveries, and one delivery whole. Their actions are the API's operations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.dashboard.addresses import INTEGRATIONS as PATH
from app.dashboard.addresses import SOURCE
from app.dashboard.attention import cases_address, read_attention
from app.dashboard.figures import instant
from app.dashboard.integrations.deliveries import (
    STATES,
    code_label,
    delivery_row,
    integration_sentence,
    readable_body,
)
from app.dashboard.integrations.preview import NO_PREVIEW, PreviewForm, preview
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.operation_calls import CallAnswer, CallRefused
from app.html.filters import moment

SOURCES = "/v1/webhook_sources"
LARGEST_PAGE, DELIVERIES_SHOWN = "200", "50"
#: Results of a form, in addition to a number of replayed deliveries.
NOTHING_CHOSEN, SAMPLE_SENT = "none", "sample"

router = Router(prefix=PATH, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """A source, its state in words, its page, its condition (None: that is not for the reader), and how long
    its oldest delivery has waited (None if all are processed).
    """

    source: Mapping[str, Any]
    state: str
    path: str
    status: Mapping[str, Any] | None
    lag_seconds: int | None


@router.get("")
async def get_integrations_page(request: Request) -> Response:
    """Return the page of all integrations."""
    page = await open_dashboard(request)
    rows = await _source_rows(page)
    waiting = [row for row in rows if row.lag_seconds is not None]
    return page.answer(
        "integrations/list.html",
        page.sentence("page_integrations"),
        path=PATH,
        attention=await read_attention(page, (SOURCE,)),
        cases_address=cases_address,
        rows=rows,
        is_told=all(row.status is not None for row in rows),
        waiting=sum(row.status["waiting"] for row in waiting if row.status is not None),
        oldest=max(waiting, key=lambda row: row.lag_seconds or 0, default=None),
    )


@router.get("/{key}")
async def get_integration_page(request: Request, key: str) -> Response:
    """Return the page of a source: how it fares, and what came, the last first."""
    return await _source_page(await open_dashboard(request), key)


@router.get("/{key}/{delivery}")
async def get_delivery_page(request: Request, key: str, delivery: str) -> Response:
    """Return the page of a delivery: what came, and what became of it."""
    return await _delivery_page(await open_dashboard(request), key, delivery)


@router.post("/{key}/replay")
async def post_replay_form(request: Request, key: str) -> Response:
    """Have deliveries of a source processed again: the one, those chosen, or all that have failed."""
    page, form = await open_dashboard(request), await sent_form(request)
    return _back(key, form, await _replayed(page, f"{SOURCES}/{quote(key, safe='')}", form))


@router.post("/{key}/sample")
async def post_sample_form(request: Request, key: str) -> Response:
    """Send the source a sample delivery of its tool."""
    page, form = await open_dashboard(request), await sent_form(request)
    path = f"{SOURCES}/{quote(key, safe='')}/send_sample"
    _successful(await page.desk.calls.send("POST", path, parameters={"is_test": "true"}))
    return _back(key, form, SAMPLE_SENT)


@router.post("/{key}/preview")
async def post_preview_form(request: Request, key: str) -> Response:
    """Show the result of a delivery by the present mapping, on the page of the form."""
    page, form = await open_dashboard(request), await sent_form(request)
    filled = await preview(page, key, form)
    if delivery := form.first_value("delivery"):
        return await _delivery_page(page, key, delivery, filled)
    return await _source_page(page, key, filled)


async def _replayed(page: DashboardPage, source: str, form: SentForm) -> str:
    """Do what the form asks for. Return how many deliveries are processed again."""
    calls = page.desk.calls
    if form.first_value("all"):
        answers = [await calls.send("POST", f"{source}/replay_failed")]
    else:
        chosen = form.inputs.get("only") or form.inputs.get("delivery", [])
        if not chosen:
            return NOTHING_CHOSEN
        answers = [
            await calls.send("POST", f"{source}/deliveries/{quote(name, safe='')}/replay") for name in chosen
        ]
    return str(sum(_successful(answer)["replayed"] for answer in answers))


def _successful(answer: CallAnswer) -> Any:
    if not answer.is_success:
        raise CallRefused(answer)
    return answer.document


def _back(key: str, form: SentForm, done: str) -> Response:
    """Lead to the page of the source, with the state that was chosen and what the form has led to."""
    state = form.first_value("state")
    query = urlencode({**({"state": state} if state else {}), "done": done})
    return RedirectResponse(f"{PATH}/{quote(key, safe='')}?{query}", HTTP_303_SEE_OTHER)


async def _source_rows(page: DashboardPage) -> Sequence[IntegrationRow]:
    """Return all sources that the reader sees, by their keys."""
    calls, rows, parameters = page.desk.calls, list[IntegrationRow](), {"sort": "key", "limit": LARGEST_PAGE}
    answered = await calls.read_if_allowed(SOURCES, parameters) or {"items": [], "next_cursor": None}
    sources = list(answered["items"])
    while answered["next_cursor"] is not None:
        answered = await calls.read(SOURCES, {**parameters, "cursor": answered["next_cursor"]})
        sources += answered["items"]
    is_for_reader = True
    for source in sources:
        status = await calls.read_if_allowed(f"{SOURCES}/{source['id']}/status") if is_for_reader else None
        is_for_reader = status is not None
        rows.append(_source_row(page, source, status))
    return rows


def _source_row(
    page: DashboardPage, source: Mapping[str, Any], status: Mapping[str, Any] | None
) -> IntegrationRow:
    state = code_label(page, "WebhookSourceState", source["state"])
    since = None if status is None else status["oldest_waiting_at"]
    lag = None if since is None else int((utc_now() - instant(since)).total_seconds())
    return IntegrationRow(source, state, f"{PATH}/{quote(source['key'], safe='')}", status, lag)


async def _source(page: DashboardPage, key: str) -> Mapping[str, Any]:
    """Return the source of that key. Raises CallRefused."""
    source: Mapping[str, Any] = await page.desk.calls.read(
        f"{SOURCES}/{quote(key, safe='')}", {"expand": "owner"}
    )
    return source


async def _adapter(page: DashboardPage, source: Mapping[str, Any]) -> Mapping[str, Any]:
    adapters = (await page.desk.calls.read("/v1/webhook_adapters"))["items"]
    unknown = {"key": source["adapter"], "title": source["adapter"], "mapping": None}
    return next((adapter for adapter in adapters if adapter["key"] == source["adapter"]), unknown)


async def _source_page(page: DashboardPage, key: str, filled: PreviewForm = NO_PREVIEW) -> Response:
    source = await _source(page, key)
    chosen, calls = page.desk.request.query_params, page.desk.calls
    path, state = f"{SOURCES}/{source['id']}", chosen.get("state", "")
    status = await calls.send("GET", f"{path}/status")
    deliveries: dict[str, Any] = {"items": [], "next_cursor": None}
    if status.is_success:
        parameters = {"state": state, "cursor": chosen.get("cursor", ""), "limit": DELIVERIES_SHOWN}
        deliveries = await calls.read(
            f"{path}/deliveries", {name: value for name, value in parameters.items() if value}
        )
    rows = [delivery_row(page, delivery) for delivery in deliveries["items"]]
    is_chosen_from = any(row.is_replayed for row in rows)
    is_waiting = status.is_success and status.document["waiting"] > 0 and source["state"] == "active"
    done = chosen.get("done", "")
    return page.answer(
        "integrations/source.html",
        source["title"],
        path=PATH,
        row=_source_row(page, source, status.document if status.is_success else None),
        refused=None if status.is_success else status.document,
        adapter=await _adapter(page, source),
        rows=rows,
        state=state,
        states=STATES,
        older=deliveries["next_cursor"],
        # The choices made in it must not be lost.
        renews=is_waiting and not is_chosen_from and not filled.is_answered,
        is_chosen_from=is_chosen_from,
        done=done if done in (NOTHING_CHOSEN, SAMPLE_SENT) else "",
        replayed=int(done) if done.isdecimal() and len(done) < len("100000") else None,
        post_to=f"{str(page.desk.request.base_url).rstrip('/')}/v1/webhooks/{source['key']}",
        filled=filled,
        delivery=None,
    )


async def _delivery_page(
    page: DashboardPage, key: str, name: str, filled: PreviewForm = NO_PREVIEW
) -> Response:
    source = await _source(page, key)
    delivery = await page.desk.calls.read(f"{SOURCES}/{source['id']}/deliveries/{quote(name, safe='')}")
    if filled is NO_PREVIEW and delivery["body"] is not None:
        filled = PreviewForm.of_delivery(delivery["headers"], delivery["body"])
    return page.answer(
        "integrations/delivery.html",
        integration_sentence(
            page,
            "delivery_of",
            instant=moment(instant(delivery["received_at"]), page.desk.display.zone),
        ),
        path=PATH,
        row=_source_row(page, source, None),
        shown=delivery_row(page, delivery),
        delivery=delivery,
        body=readable_body(delivery["body"]),
        is_mapped=(await _adapter(page, source))["mapping"] is not None,
        filled=filled,
    )
