"""The page by which a requester rates a ticket without an account: `/rate/{token}`.

Opening it writes nothing, since scanners of mail open every link; its button does. A token can do nothing
else, and a wrong one is told nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Annotated
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from app.api.accept import language_for
from app.api.auth import ledger_of, utc_now
from app.api.limits import Quota
from app.api.pages import FORM_POLICY, page
from app.api.raw_bodies import RATING_PAGE
from app.common.people import Caller
from app.common.tickets import Ticket
from app.i18n import LANGUAGES, translate
from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.perform import Command, perform
from app.kernel.reads import load
from app.kernel.refusals import Refusal
from app.ticketing.rating_links import InvalidToken, RatingLink, parse
from app.ticketing.ratings import BEST, WORST, RateTicket

router = APIRouter(prefix=RATING_PAGE.rstrip("/"))
#: The source of a rating by link, in its event.
SOURCE = "link"
LONGEST_COMMENT = 2_000
#: Bytes of the form: a comment of Chinese characters, each escaped to nine.
LARGEST_FORM = 32_768
REQUESTS_PER_MINUTE = 60
TIME_FORMAT = "%Y-%m-%d %H:%M"
RATED = "select score from fold.rating where record = %s"
#: Never kept by a browser or a proxy, nor found by a search engine.
HEADERS = {
    "Content-Security-Policy": FORM_POLICY,
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

Token = Annotated[str, Path(description="What the link says.")]


def quota() -> Quota:
    """Return the limit of requests that one address may send to these pages."""
    return Quota("address", REQUESTS_PER_MINUTE, 60)


@dataclass(frozen=True, slots=True)
class _Page:
    """The pages of one language, for one request."""

    language: str

    def sentence(self, code: str, **words: str) -> str:
        return escape(translate(self.language, "rating_page", code, words))

    def answer(self, title: str, body: str, status: int = 200, **more: str) -> Response:
        words = translate(self.language, "rating_page", title)
        return page(self.language, words, body, vary="Accept-Language", status=status, more=HEADERS | more)

    def refusal(self, code: str, status: int, **more: str) -> Response:
        """Return a page that only says why there is nothing to rate."""
        return self.answer(code, f"<p>{self.sentence(f'{code}_text')}</p>", status, **more)


@dataclass(frozen=True, slots=True)
class _RatedTicket:
    """The ticket of a valid link, and its person as a caller."""

    link: RatingLink
    lifecycle: Lifecycle[Ticket]
    ticket: Ticket
    caller: Caller


class _Refused(Exception):
    """Raised with the page that says why the link cannot be used."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


@router.get("/{token}", operation_id="get_rating_page", include_in_schema=False)
async def get_rating_page(request: Request, token: Token) -> Response:
    """Show the page with the five scores. Writes nothing."""
    shown = _Page(_language(request))
    try:
        asked = await _rated_ticket(request, token, shown)
    except _Refused as refused:
        return refused.answer
    score = await ledger_of(request).db.value(RATED, (asked.link.stream,))
    return shown.answer("title", _form(shown, asked, token, score))


@router.post("/{token}", operation_id="send_rating", include_in_schema=False)
async def send_rating(request: Request, token: Token) -> Response:
    """Rate the ticket, as the person whom the link is for."""
    shown = _Page(_language(request))
    try:
        asked = await _rated_ticket(request, token, shown)
    except _Refused as refused:
        return refused.answer
    body = await _rating(request)
    if body is None:
        problem = f'<p role="alert" class="problem">{shown.sentence("choose")}</p>'
        return shown.answer("title", problem + _form(shown, asked, token, None), 422)
    ledger = ledger_of(request)
    metadata = CommandMetadata(
        asked.caller, utc_now(), request.state.request_id, source=SOURCE, language=shown.language
    )
    command = Command(asked.lifecycle, asked.lifecycle["rate"], str(asked.link.ticket_id), body, metadata)
    try:
        await perform(ledger, command)
    except Refusal as refusal:
        return shown.answer("not_now", f"<p>{escape(refusal.sentence(shown.language))}</p>", refusal.STATUS)
    until = _local(asked.link.until, ledger)
    thanks = shown.sentence("thanks_text", number=asked.ticket.number, score=str(body.score))
    return shown.answer("thanks", f"<p>{thanks}</p>\n<p>{shown.sentence('again', until=until)}</p>")


def _language(request: Request) -> str:
    said = request.query_params.get("lang")
    return said if said in LANGUAGES else language_for(request)


async def _rated_ticket(request: Request, token: str, shown: _Page) -> _RatedTicket:
    """Return the ticket of the link. Raises _Refused: with one page for whatever is wrong with a link or with
    its person, so that it tells nobody of either.
    """
    address = request.client.host if request.client else ""
    quotas: Quota = request.app.state.rating_quota
    if not quotas.consume(address):
        seconds = str(quotas.remaining(address).seconds)
        raise _Refused(shown.refusal("too_many", 429, **{"Retry-After": seconds}))
    ledger = ledger_of(request)
    try:
        link = parse(token, ledger.vault.fingerprint)
    except InvalidToken as error:
        raise _Refused(shown.refusal("invalid", 404)) from error
    if link.has_expired(utc_now()):
        raise _Refused(shown.refusal("over", 410))
    asked = await _load(ledger, link)
    if asked is None:
        raise _Refused(shown.refusal("invalid", 404))
    if not asked.lifecycle["rate"].is_open_in(asked.ticket.state):
        number = escape(asked.ticket.number)
        raise _Refused(shown.answer("not_now", f"<p>{number}</p>", 409))
    return asked


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
    """Return the rating in the form; None if it says none, or too much."""
    text = bytearray()
    async for part in request.stream():
        text += part
        if len(text) > LARGEST_FORM:
            return None
    try:
        said = parse_qs(text.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=4)
    except ValueError:
        return None
    score, comment = said.get("score", [""])[0], said.get("comment", [""])[0].replace("\r\n", "\n").strip()
    if score not in {str(one) for one in range(WORST, BEST + 1)} or len(comment) > LONGEST_COMMENT:
        return None
    try:
        return RateTicket(score=int(score), comment=comment or None)
    except ValidationError:
        return None


def _form(shown: _Page, asked: _RatedTicket, token: str, score: int | None) -> str:
    about = shown.sentence("about", number=asked.ticket.number, title=asked.ticket.title or "")
    before = "" if score is None else f"<p>{shown.sentence('rated_before')}</p>\n"
    scores = "\n".join(
        f'<label><input type="radio" name="score" value="{one}" required{" checked" if one == score else ""}>'
        f"<strong>{one}</strong><span>{shown.sentence(f'score_{one}')}</span></label>"
        for one in range(WORST, BEST + 1)
    )
    other = next(one for one in LANGUAGES if one != shown.language)
    path = f"{RATING_PAGE}{escape(token)}"
    return f"""<p class="about">{about}</p>
{before}<form class="rating" method="post" action="{path}?lang={shown.language}" autocomplete="off">
<fieldset><legend>{shown.sentence("score")}</legend>
<div class="scores">
{scores}
</div></fieldset>
<label class="comment" for="comment">{shown.sentence("comment")}</label>
<textarea id="comment" name="comment" rows="4" maxlength="{LONGEST_COMMENT}"></textarea>
<button>{shown.sentence("send")}</button>
</form>
<p class="language"><a href="{path}?lang={other}" lang="{other}">{shown.sentence("other_language")}</a></p>"""


def _local(instant: datetime, ledger: Ledger) -> str:
    zone = ZoneInfo(ledger.settings.time_zone)
    return f"{instant.astimezone(zone).strftime(TIME_FORMAT)} ({zone.key})"
