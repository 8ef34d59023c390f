"""The page by which a requester rates a ticket without an account: `/rate/{token}`.

Opening it writes nothing, since scanners of mail open every link; its button does. A token permits nothing
else, and the answer to a wrong one reveals nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import Path, Request
from markupsafe import Markup
from pydantic import ValidationError
from starlette.responses import Response

from app.api.authentication.auth import ledger_of, utc_now
from app.api.direct import Router
from app.api.pages.page_headers import FORM_POLICY
from app.api.requests.accept import language_for
from app.api.requests.limits import Quota
from app.api.requests.raw_bodies import RATING_PAGE
from app.api.service.pages import page
from app.common.people import Caller
from app.common.tickets import Ticket
from app.html.filters import moment, paragraphs
from app.html.templates import render
from app.html.wording import Wording
from app.i18n import LANGUAGES
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.ticketing.satisfaction.rating_links import InvalidRatingToken, RatingLink, parse
from app.ticketing.satisfaction.ratings import BEST, WORST, RateTicket

router = Router(prefix=RATING_PAGE.rstrip("/"))
#: The source of a rating by link, in its event.
SOURCE = "link"
LONGEST_COMMENT = 2_000
SCORES = range(WORST, BEST + 1)
#: Bytes of the form: a comment of Chinese characters, each escaped to nine.
LARGEST_FORM = 32_768
REQUESTS_PER_MINUTE = 60
#: The table of the sentences of these pages.
TABLE = "rating_page"
RATED = "select score from fold.rating where record = %s"
#: Never kept by a browser or a proxy, nor found by a search engine.
HEADERS = {
    "Content-Security-Policy": FORM_POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

Token = Annotated[str, Path(description="Token of the link.")]


def quota() -> Quota:
    """Return the limit of requests that one address may send to these pages."""
    return Quota("address", REQUESTS_PER_MINUTE, 60)


def _answer(wording: Wording, title: str, body: Markup, status: int = 200, **more: str) -> Response:
    """Return the page whose title has that code."""
    words = wording.sentence(title)
    return page(wording.language, words, body, vary="Accept-Language", status=status, more=HEADERS | more)


def _refusal(wording: Wording, code: str, status: int, **more: str) -> Response:
    """Return a page that only explains why there is nothing to rate."""
    return _answer(wording, code, paragraphs(wording.sentence(f"{code}_text")), status, **more)


@dataclass(frozen=True, slots=True)
class _RatedTicket:
    """The ticket of a valid link, and its person as a caller."""

    link: RatingLink
    lifecycle: Lifecycle[Ticket]
    ticket: Ticket
    caller: Caller


class _Refused(Exception):
    """Raised with the page that explains why the link cannot be used."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@router.get("/{token}", include_in_schema=False)
async def get_rating_page(request: Request, token: Token) -> Response:
    """Show the page with the five scores. Writes nothing."""
    wording = Wording(_language(request), TABLE)
    try:
        rated = await _rated_ticket(request, token, wording)
    except _Refused as refused:
        return refused.answer
    score = await ledger_of(request).db.value(RATED, (rated.link.stream,))
    return _answer(wording, "title", _form(wording, rated, token, score))


@router.post("/{token}", include_in_schema=False)
async def send_rating(request: Request, token: Token) -> Response:
    """Rate the ticket, as the recipient of the link."""
    wording = Wording(_language(request), TABLE)
    try:
        rated = await _rated_ticket(request, token, wording)
    except _Refused as refused:
        return refused.answer
    body = await _rating(request)
    if body is None:
        return _answer(wording, "title", _form(wording, rated, token, None, problem=True), 422)
    ledger = ledger_of(request)
    metadata = CommandMetadata(
        rated.caller, utc_now(), request.state.request_id, source=SOURCE, language=wording.language
    )
    command = Command(rated.lifecycle, rated.lifecycle["rate"], str(rated.link.ticket_id), body, metadata)
    try:
        await perform(ledger, command)
    except Refusal as refusal:
        return _answer(wording, "not_now", paragraphs(refusal.sentence(wording.language)), refusal.STATUS)
    until = _local(rated.link.until, ledger)
    thanks = wording.sentence("thanks_text", number=rated.ticket.number, score=body.score)
    return _answer(wording, "thanks", paragraphs(thanks) + paragraphs(wording.sentence("again", until=until)))


def _language(request: Request) -> str:
    language = request.query_params.get("lang")
    return language if language in LANGUAGES else language_for(request)


async def _rated_ticket(request: Request, token: str, wording: Wording) -> _RatedTicket:
    """Return the ticket of the link. Raises _Refused: with one page for all faults of a link or of its
    person, so that it reveals neither.
    """
    address = request.client.host if request.client else ""
    quotas: Quota = request.app.state.rating_quota
    if not quotas.consume(address):
        seconds = str(quotas.remaining(address).seconds)
        raise _Refused(_refusal(wording, "too_many", 429, **{"Retry-After": seconds}))
    ledger = ledger_of(request)
    try:
        link = parse(token, ledger.vault.fingerprint)
    except InvalidRatingToken as error:
        raise _Refused(_refusal(wording, "invalid", 404)) from error
    if link.has_expired(utc_now()):
        raise _Refused(_refusal(wording, "over", 410))
    rated = await _load(ledger, link)
    if rated is None:
        raise _Refused(_refusal(wording, "invalid", 404))
    if not rated.lifecycle["rate"].is_open_in(rated.ticket.state):
        raise _Refused(_answer(wording, "not_now", paragraphs(rated.ticket.number), 409))
    return rated


async def _load(ledger: Ledger, link: RatingLink) -> _RatedTicket | None:
    """Return the ticket and the person of the link; None if the person is not active, or did not ask for the
    ticket.
    """
    lifecycle = ledger.lifecycles.get(link.kind)
    callers = await ledger.directory.callers([link.person_id])
    if lifecycle is None or link.person_id not in callers:
        return None
    loaded = await load(ledger.db, lifecycle, str(link.ticket_id))
    if loaded is None or loaded.record.requester_id != link.person_id:
        return None
    return _RatedTicket(link, lifecycle, loaded.record, callers[link.person_id])


async def _rating(request: Request) -> RateTicket | None:
    """Return the rating in the form; None if it is missing, or too long."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > LARGEST_FORM:
            return None
    try:
        fields = parse_qs(text.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=4)
    except ValueError:
        return None
    score = fields.get("score", [""])[0]
    comment = fields.get("comment", [""])[0].replace("\r\n", "\n").strip()
    if score not in {str(value) for value in SCORES} or len(comment) > LONGEST_COMMENT:
        return None
    try:
        return RateTicket(score=int(score), comment=comment or None)
    except ValidationError:
        return None


def _form(
    wording: Wording, rated: _RatedTicket, token: str, score: int | None, *, problem: bool = False
) -> Markup:
    """Return the form for a score; `problem`: the one that was sent cannot be stored."""
    return render(
        "ticketing/routes/rating_form.html",
        wording,
        ticket=rated.ticket,
        score=score,
        scores=SCORES,
        problem=problem,
        longest_comment=LONGEST_COMMENT,
        path=f"{RATING_PAGE}{token}",
        other_language=next(language for language in LANGUAGES if language != wording.language),
    )


def _local(instant: datetime, ledger: Ledger) -> str:
    zone = ZoneInfo(ledger.settings.time_zone)
    return f"{moment(instant, zone)} ({zone.key})"
