"""Routes of what needs attention: `/v1/attention`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Body, Path, Query, Request
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, utc_now
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.attention.asides import MOST_ASIDE, put_aside, take_up
from app.attention.queries import attention, render_attention
from app.attention.shapes import AsideOut, Attention, AttentionQuery, PutAside
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.refusals import NotFound, WrongValue
from app.log.canonical import instant

#: A sentence is put aside for so long at most.
LONGEST_ASIDE = timedelta(days=366)
ConditionKey = Annotated[
    str,
    Path(
        alias="key",
        max_length=200,
        pattern=r"^[a-z_]+(:[A-Za-z0-9_.:+-]*)?$",
        description="Key of the condition, as `get_attention` returns it.",
        examples=["major_incident:incident:INC-2026-000123"],
    ),
]

router = Router(prefix="/v1/attention", tags=["attention"], route_class=DirectRoute)


@router.endpoint(
    "", "Get the conditions that need attention", Attention, refused=(422,), responses=in_language()
)
async def get_attention(
    request: Request, ledger: RequestLedger, query: Annotated[AttentionQuery, Query()]
) -> Response:
    """Return the conditions that need the caller's attention, as sentences, the most urgent first, as far as
    the caller may see them.
    """
    language = language_for(request)
    attention_now = await attention(ledger, caller_of(request), query, utc_now())
    headers = {**VARY, "Content-Language": language}
    return Response(dump_json(render_attention(attention_now, language)), 200, headers, "application/json")


@router.endpoint("/asides/{key}", "Put an attention condition aside", AsideOut, method="PUT")
async def put_attention_aside(
    request: Request, ledger: RequestLedger, key: ConditionKey, body: Annotated[PutAside, Body()]
) -> Response:
    """Put a condition aside until a date, for the caller alone. Other persons still see it, and the caller
    sees it again after the date.
    """
    caller, now = caller_of(request), utc_now()
    if caller.is_read_only or caller.person_id is None:
        raise ledger.forbidden(anybody, language_for(request))
    if not now < body.until_at <= now + LONGEST_ASIDE:
        raise WrongValue(pointer="/until_at", because="not_within_a_year")
    if not await put_aside(ledger.db, caller.person_id, key, body.until_at, now):
        raise WrongValue({"most": str(MOST_ASIDE)}, parameter="key", because="too_many_aside")
    return Response(
        dump_json({"key": key, "until_at": instant(body.until_at)}), media_type="application/json"
    )


@router.endpoint(
    "/asides/{key}",
    "Take up an attention condition again",
    method="DELETE",
    refused=(404, 422),
    status_code=204,
)
async def take_attention_up(request: Request, ledger: RequestLedger, key: ConditionKey) -> Response:
    """Take up a condition again that the caller had put aside."""
    caller = caller_of(request)
    if caller.is_read_only or caller.person_id is None:
        raise ledger.forbidden(anybody, language_for(request))
    if not await take_up(ledger.db, caller.person_id, key):
        raise NotFound()
    return Response(status_code=204)
