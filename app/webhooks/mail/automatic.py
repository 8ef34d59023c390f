"""Marks of mails that programs have written (pure): RFC 3834, RFC 3464, RFC 8098 and what is usual."""

from __future__ import annotations

import re

from app.webhooks.mail.addresses import DAEMONS
from app.webhooks.mail.headers import header
from app.webhooks.mail.multipart import MailPart

_REPORTS = {"message/delivery-status": "delivery-status"}
_REPORTS |= {"message/disposition-notification": "disposition-notification"}
_AUTOMATIC_PRECEDENCE = frozenset({"bulk", "list", "junk", "auto_reply"})
_LISTS = ("list-id", "list-unsubscribe", "feedback-id")
_RESPONDERS = ("x-autoreply", "x-autorespond", "x-auto-reply-from", "x-mail-autoreply", "x-vacation")
# A subject alone proves nothing: people write about their absence, too. Mail servers add one of these.
_ABSENT = re.compile(
    r"\s*(?:automatic reply|auto(?:matic)?[- ]?reply|out of (?:the )?office|automatische antwort|abwesen"
    r"|自动回复|自動回覆)",
    re.IGNORECASE,
)
_HINTS = ("x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source")


def automatic_mark(mail: MailPart, sender: str, subject: str) -> str | None:
    """Return what shows that a program has written the mail; None: a person did."""
    if mail.media_type == "multipart/report":
        kinds = (_REPORTS.get(part.media_type) for part in mail.parts)
        return next((kind for kind in kinds if kind), "multipart/report")
    if (mark := _header_mark(mail)) is not None:
        return mark
    if sender.partition("@")[0] in DAEMONS:
        return "sender"
    is_absent = _ABSENT.match(subject) and any(name in mail.headers for name in _HINTS)
    return "out-of-office" if is_absent else None


def _header_mark(mail: MailPart) -> str | None:
    headers = mail.headers
    marks = {
        # RFC 3834, section 5: `no` says that a person has written it; parameters may follow.
        "auto-submitted": _first_word(header(headers, "Auto-Submitted")) not in ("", "no"),
        "precedence": _first_word(header(headers, "Precedence")) in _AUTOMATIC_PRECEDENCE,
        "x-auto-response-suppress": _first_word(header(headers, "X-Auto-Response-Suppress"))
        not in ("", "none"),
        **{name: name in headers for name in (*_RESPONDERS, *_LISTS)},
        # RFC 3834, section 3.3: nobody is to be answered.
        "return-path": any(str(value).strip() == "<>" for value in headers.get_all("Return-Path", [])),
    }
    return next((name for name, is_set in marks.items() if is_set), None)


def _first_word(value: str) -> str:
    return re.split(r"[;,(\s]", value.strip().lower(), maxsplit=1)[0]
