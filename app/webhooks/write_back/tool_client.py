"""Requests to a tool by its template, and what its answers mean."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import orjson

from app.expressions.language import MISSING, ExpressionFailed
from app.platform.outward import Answer, OutwardClient
from app.subscriptions.formats.message import JSON, REDIRECTS, SUCCESS, SubscriptionTarget
from app.subscriptions.records import Subscription
from app.webhooks.write_back.templates import REQUESTS, CompiledTemplate, SearchRequest, ToolRequest

#: A ticket, or a list of some, is no larger.
LARGEST_ANSWER = 4_194_304
#: Codes of answers that no repetition changes: somebody has to mend something first.
CODES = {400: "refused_by_tool", 401: "not_signed_in", 403: "not_allowed", 404: "not_found_at_tool"}
CODES |= {409: "refused_by_tool", 410: "gone_at_tool", 422: "refused_by_tool"}
LONGEST_PAUSE = timedelta(hours=1)
#: Pause after a limit without a time: GitHub demands at least a minute after its secondary limit.
UNSTATED_PAUSE = timedelta(minutes=1)
MOVED, SAME_METHOD = 301, (307, 308)
LONGEST_REASON = 300
_WORD = re.compile(r"\w{4,}")
SECONDARY_LIMIT = b"secondary rate limit"


class RequestRefused(Exception):
    """The tool's response is not the requested one; `code` is the reason, `answer` the last response."""

    def __init__(self, code: str, answer: Answer, pause: timedelta | None = None) -> None:
        super().__init__(code)
        self.code, self.answer, self.pause = code, answer, pause

    @property
    def is_definite(self) -> bool:
        """Return whether the tool has certainly not done what it was asked."""
        return 400 <= self.answer.status < 500


@dataclass(slots=True)
class ToolClient:
    """A client of a tool, for one delivery: it counts what it sends, and keeps the last answer."""

    client: OutwardClient
    target: SubscriptionTarget
    template: CompiledTemplate
    now: datetime
    variables: dict[str, Any] = field(default_factory=dict)
    size: int = 0
    #: Fields that the tool has refused, with its reasons.
    refused_fields: list[str] = field(default_factory=list)
    sent: bytes = b""
    last: Answer = field(default_factory=lambda: Answer(204, {}, b""))

    def __post_init__(self) -> None:
        settings = settings_of(self.target.subscription)
        self.variables["tool"] = {"base": self.target.url.rstrip("/"), "settings": settings}

    def clock(self) -> datetime:
        """Return the present time; `now` is that of the delivery."""
        return self.target.clock()

    def value(self, text: str, **more: Any) -> Any:
        """Return what an expression of the template gives. Raises RequestRefused if it gives nothing."""
        try:
            matches = self.template.expression(text).value(REQUESTS.variables(self.variables | more))
        except ExpressionFailed as error:
            raise RequestRefused("unfit_answer", self.last) from error
        if matches is MISSING:
            raise RequestRefused("unfit_answer", self.last)
        return matches

    async def send_request(self, call: ToolRequest, **more: Any) -> Any:
        """Send a request, and return what its answer holds. Raises RequestRefused, RequestFailed,
        UnusableAddress.
        """
        url = str(self.value(call.url, **more))
        body = b"" if call.body is None else orjson.dumps(self.value(call.body, **more))
        if self.client.policy.check_url(url) != self.target.subscription.origin:
            raise RequestRefused("other_origin", self.last)
        headers = {"content-type": JSON, "user-agent": "ledgerdesk", **self.template.template.headers}
        headers["authorization"] = self._authorization()
        self.sent = body
        self.last = await self._request(call.method, url, headers, body)
        self.size += len(body)
        if self.last.status not in SUCCESS:
            raise self._failure(self.last)
        try:
            return orjson.loads(self.last.body) if self.last.body else None
        except orjson.JSONDecodeError as error:
            raise RequestRefused("unfit_answer", self.last) from error

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request, also to the new address that the tool names on the same origin: GitHub does so once
        a repository was renamed.
        """
        answer = await self.client.request(method, url, dict(headers), body, largest=LARGEST_ANSWER)
        new_address = urljoin(url, answer.headers.get("location", ""))
        keeps_method = answer.status in SAME_METHOD or (answer.status == MOVED and method == "GET")
        if not keeps_method or new_address == url:
            return answer
        if self.client.policy.check_url(new_address) != self.target.subscription.origin:
            return answer
        return await self.client.request(method, new_address, dict(headers), body, largest=LARGEST_ANSWER)

    def refusal_text(self) -> str:
        """Return the reasons in the last answer, in the tool's words; empty if it has none, or repeats
        what was sent.
        """
        try:
            answer = orjson.loads(self.last.body) if 400 <= self.last.status < 500 else None
        except orjson.JSONDecodeError:
            return ""
        if not isinstance(answer, dict):
            return ""
        sent_words = set(_words_in(" ".join(_texts_in(orjson.loads(self.sent or b"null")))))
        errors = answer.get("errors")
        reasons = [f"{name}: {each}" for name, each in errors.items()] if isinstance(errors, dict) else []
        reasons += [str(each) for each in answer.get("errorMessages") or ()]
        reasons += [str(answer["message"])] if "message" in answer else []
        if isinstance(errors, list):
            fields = [str(each.get("field", "")) for each in errors if isinstance(each, dict)]
            reasons += [name for name in fields if name]
        fit = [each for each in reasons if not sent_words.intersection(_words_in(each))]
        return "; ".join(fit)[:LONGEST_REASON]

    async def search(self, call: SearchRequest, **more: Any) -> list[Any]:
        """Return what the tool has of what may have been written already. Raises as `send_request`
        does.
        """
        matches = self.value(call.matches, answer=await self.send_request(call, **more), **more)
        return matches if isinstance(matches, list) else []

    def _authorization(self) -> str:
        secret = self.target.secrets[0]
        schemes = self.template.template.authorization
        if "basic" in schemes and ":" in secret:
            return "Basic " + base64.b64encode(secret.encode()).decode("ascii")
        return f"Bearer {secret}"

    def _failure(self, answer: Answer) -> RequestRefused:
        pause = self._asked_pause(answer)
        if pause is not None or answer.status == 429:
            return RequestRefused("rate_limited", answer, pause)
        if answer.status in REDIRECTS:
            return RequestRefused("moved_at_tool", answer)
        return RequestRefused(CODES.get(answer.status, "status"), answer)

    def _asked_pause(self, answer: Answer) -> timedelta | None:
        """Return the pause until the tool accepts more, or None. Some tools demand it with 403."""
        if answer.status not in (403, 429, 503):
            return None
        after, left = answer.headers.get("retry-after", ""), answer.headers.get("x-ratelimit-remaining")
        if after.isascii() and after.isdigit():
            return min(timedelta(seconds=int(after[:6])), LONGEST_PAUSE)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if left == "0" and reset.isascii() and reset.isdigit():
            until = datetime.fromtimestamp(int(reset[:11]), UTC) - self.now
            return max(timedelta(seconds=1), min(until, LONGEST_PAUSE))
        return UNSTATED_PAUSE if answer.status == 429 or SECONDARY_LIMIT in answer.body else None


def _texts_in(body: Any) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict | list):
        for each in body.values() if isinstance(body, dict) else body:
            yield from _texts_in(each)


def _words_in(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def settings_of(subscription: Subscription) -> Mapping[str, str]:
    """Return the subscription's settings for its tool, by name."""
    pairs = (text.partition("=") for text in subscription.tool_settings or ())
    return {name.strip(): text.strip() for name, _, text in pairs}
