"""Messages to the robots of chats, as their vendors document them: Slack, Microsoft Teams, Feishu, DingTalk,
WeCom.

Each says what happened in a line of text, in the subscription's language. Where a robot was set up to want a
signature, its secret is the subscription's. Several vendors answer 200 whatever happens, and say in the body
what it was.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from pydantic_core import from_json, to_json

from app.platform.outward import Answer
from app.subscriptions.formats.message import DeliveryTarget, EventMessage, MessageFormat, OutgoingRequest

VENDOR_CODE = "vendor_code"
#: What a line says of a title at most; WeCom takes 2,048 bytes in all.
LONGEST_TITLE = 300
TEAMS_FAILURE = b"Webhook message delivery failed"
_CARD = "application/vnd.microsoft.card.adaptive"

#: Returns the address and the members that sign a message, by the target and the time.
Signer = Callable[[DeliveryTarget, datetime], tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class ChatFormat(MessageFormat):
    """The form of a vendor's robot: the body around a text, its signature, and its codes of failure."""

    body: Callable[[str], Mapping[str, Any]]
    sign: Signer = lambda target, now: (target.url, {})
    has_failed: Callable[[Answer], bool] = lambda answer: False

    @property
    def names_records(self) -> bool:
        """Whether messages name the record of their event."""
        return True

    def request(self, target: DeliveryTarget, message: EventMessage, now: datetime) -> OutgoingRequest:
        """Return the request that delivers the message as a text."""
        url, signature = self.sign(target, now)
        return OutgoingRequest(url, to_json({**signature, **self.body(text_of(message, target.language))}))

    def failure(self, answer: Answer) -> str | None:
        """Return why the answer is a failure; None: it is none."""
        code = super().failure(answer)
        return VENDOR_CODE if code is None and self.has_failed(answer) else code


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


def _member_is_not_zero(*names: str) -> Callable[[Answer], bool]:
    """Return whether the answer's body has one of these members that is not 0, or is no JSON object."""

    def has_failed(answer: Answer) -> bool:
        try:
            body = from_json(answer.body)
        except ValueError:
            return True
        if not isinstance(body, dict):
            return True
        codes = [body[name] for name in names if name in body]
        return not codes or any(code != 0 for code in codes)

    return has_failed


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
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
    }
    return {"type": "message", "attachments": [{"contentType": _CARD, "contentUrl": None, "content": card}]}


def _escaped(text: str) -> str:
    """Return the text with Slack's control characters escaped, so that no title mentions a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


SLACK = ChatFormat(body=lambda text: {"text": _escaped(text)})
TEAMS = ChatFormat(body=_teams_card, has_failed=lambda answer: answer.body.startswith(TEAMS_FAILURE))
FEISHU = ChatFormat(
    body=lambda text: {"msg_type": "text", "content": {"text": text}},
    sign=_sign_feishu,
    has_failed=_member_is_not_zero("code", "StatusCode"),
)
DINGTALK = ChatFormat(
    body=lambda text: {"msgtype": "text", "text": {"content": text}},
    sign=_sign_dingtalk,
    has_failed=_member_is_not_zero("errcode"),
)
WECOM = ChatFormat(
    body=lambda text: {"msgtype": "text", "text": {"content": text}},
    has_failed=_member_is_not_zero("errcode"),
)
