"""Messages to the robots of chats, as their vendors document them: Slack, Microsoft Teams, Feishu, DingTalk,
WeCom.

Each describes the event in a line of text, in the subscription's language, without mentions: text that would
call members of the chat is written so that it does not. Where a robot demands a signature, its secret is the
subscription's. Several vendors always answer 200, and report the outcome in the body: too many messages, for
example.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from pydantic_core import from_json, to_json

from app.platform.outward import Answer, OutwardClient
from app.subscriptions.formats.message import (
    Delivered,
    DeliveryTarget,
    EventMessage,
    MessageFormat,
    OutgoingRequest,
    SubscriptionTarget,
)

VENDOR_CODE = "vendor_code"
LONGEST_TITLE = 300
#: WeCom takes 2,048 bytes of text; Feishu 20 KB and Teams 28 KB of body, Slack 40,000 characters.
LARGEST_TEXT = 2_048
#: Largest vendor number in a response that is kept.
LARGEST_NUMBER = 10**12
#: Vendors' numbers for too many messages, and the time until which they refuse the next. WeCom and DingTalk
#: take 20 a minute, and DingTalk blocks for ten minutes after more; Feishu takes 100 a minute, five a second.
PAUSES = {
    45009: timedelta(minutes=1),
    130101: timedelta(minutes=10),
    11232: timedelta(minutes=1),
}
TEAMS_FAILURE = b"Webhook message delivery failed"
_CARD = "application/vnd.microsoft.card.adaptive"
_TAG = re.compile(r"<(?=/?[A-Za-z@])")

#: Returns the address and the members that sign a message, by the target and the time.
Signer = Callable[[DeliveryTarget, datetime], tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class ChatFormat(MessageFormat):
    """The form of a vendor's robot: the body around a text, its signature, and its codes of failure."""

    body: Callable[[str], Mapping[str, Any]]
    sign: Signer = lambda target, now: (target.url, {})
    #: Members of a response that are 0 on success; without any, only its status counts.
    numbers: tuple[str, ...] = ()
    #: The beginning of an answer that is a failure whatever its status.
    failure_text: bytes | None = None

    def request(self, target: DeliveryTarget, message: EventMessage, now: datetime) -> OutgoingRequest:
        """Return the request that delivers the message as a text."""
        url, signature = self.sign(target, now)
        text = _cut(text_of(message, target.language))
        page = None if message.subject is None else message.subject.url
        lines = f"{text}\n{page}" if page else text
        return OutgoingRequest(url, to_json({**signature, **self.body(lines)}))

    def failure(self, answer: Answer) -> str | None:
        """Return why the answer is a failure, or None."""
        code = super().failure(answer)
        if code is not None:
            return code
        if self.failure_text is not None and answer.body.startswith(self.failure_text):
            return VENDOR_CODE
        return VENDOR_CODE if self.numbers and self._number_in(answer) != 0 else None

    async def deliver(
        self, client: OutwardClient, target: SubscriptionTarget, message: EventMessage, now: datetime
    ) -> Delivered | None:
        """Deliver the message, and return the vendor's number of a failure, and the pause that it demands."""
        delivered = await super().deliver(client, target, message, now)
        if delivered is None or delivered.code is None or not self.numbers:
            return delivered
        number = self._number_in(delivered.answer)
        if number is None:
            return delivered
        return replace(delivered, detail=str(number), pause=PAUSES.get(number))

    def _number_in(self, answer: Answer) -> int | None:
        """Return the vendor's number in the response, the first that is not 0, or None."""
        try:
            body = from_json(answer.body)
        except ValueError:
            return None
        members = body if isinstance(body, dict) else {}
        values = [members[name] for name in self.numbers if name in members]
        numbers = [each for each in values if type(each) is int and abs(each) < LARGEST_NUMBER]
        if len(numbers) < len(values):
            return None
        return next((number for number in numbers if number != 0), 0 if numbers else None)


def text_of(message: EventMessage, language: str) -> str:
    """Return the line of text that a message is in that language."""
    subject = message.subject
    if subject is None:
        return message.type
    title = (subject.title or "")[:LONGEST_TITLE]
    label = subject.label(language)
    head = f"[{subject.number}] {label}" if subject.number else label
    separator = "：" if language == "zh" else ": "
    return f"{head}{separator}{title}" if title else head


def _cut(text: str) -> str:
    """Return the text, cut to LARGEST_TEXT bytes."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= LARGEST_TEXT:
        return text
    return encoded[: LARGEST_TEXT - len("…".encode())].decode(errors="ignore") + "…"


def _sign_feishu(target: DeliveryTarget, now: datetime) -> tuple[str, Mapping[str, Any]]:
    secret = target.secrets[0]
    if not secret:
        return target.url, {}
    timestamp = str(int(now.timestamp()))
    # The text to sign is the key, and nothing is signed with it.
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return target.url, {"timestamp": timestamp, "sign": base64.b64encode(digest).decode("ascii")}


def _sign_dingtalk(target: DeliveryTarget, now: datetime) -> tuple[str, Mapping[str, Any]]:
    secret = target.secrets[0]
    if not secret:
        return target.url, {}
    timestamp = str(int(now.timestamp() * 1_000))
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    signature = quote_plus(base64.b64encode(digest))
    separator = "&" if "?" in target.url else "?"
    return f"{target.url}{separator}timestamp={timestamp}&sign={signature}", {}


def _teams_card(text: str) -> Mapping[str, Any]:
    # A text block would read Markdown in it: a title could be a link to elsewhere.
    run = {"type": "TextRun", "text": text}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "fallbackText": text,
        "body": [{"type": "RichTextBlock", "inlines": [run]}],
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}]}


def _slack_text(text: str) -> Mapping[str, Any]:
    """Return the body with Slack's control characters escaped, so that no title mentions a channel, and its
    marks of format left as they are.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped, "mrkdwn": False}


def _without_tags(text: str) -> str:
    """Return the text with the brackets of tags wide: Feishu reads `<at user_id="all">` in it, WeCom
    `<@all>`, and neither has a way to escape them.
    """
    return _TAG.sub("＜", text)


def _text_message(text: str) -> Mapping[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


SLACK = ChatFormat(body=_slack_text)
TEAMS = ChatFormat(body=_teams_card, failure_text=TEAMS_FAILURE)
FEISHU = ChatFormat(
    body=lambda text: {"msg_type": "text", "content": {"text": _without_tags(text)}},
    sign=_sign_feishu,
    numbers=("code", "StatusCode"),
)
DINGTALK = ChatFormat(body=_text_message, sign=_sign_dingtalk, numbers=("errcode",))
WECOM = ChatFormat(body=lambda text: _text_message(_cut(_without_tags(text))), numbers=("errcode",))
