"""Preview of a delivery: what it would tell by the source's mapping, without writing anything."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.webhooks.adapters import MAIL
from app.webhooks.deliveries import RawDelivery
from app.webhooks.evaluation import evaluate
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.news import AlertNews, CommentNews, MappingFailed, News
from app.webhooks.records import WebhookSource


async def preview_of(source: WebhookSource, raw: RawDelivery, now: datetime, zone: str) -> dict[str, Any]:
    """Return what the delivery tells, why it tells nothing, or why the mapping does not fit it. `zone`: the
    organisation's.
    """
    shown: dict[str, Any] = {"ignored": None, "failure": None, "mapping_key": None, "news": []}
    if source.adapter == MAIL:
        return shown | await _mail_shown(raw)
    try:
        evaluation = await evaluate(source, raw, now, zone)
    except MappingFailed as error:
        return shown | {"failure": error.words, "mapping_key": error.key}
    if evaluation.failed:
        first = evaluation.failed[min(evaluation.failed)]
        shown |= {"failure": first.words, "mapping_key": first.key}
    return shown | {"ignored": evaluation.ignored, "news": [_shown(one) for one in evaluation.news]}


def _shown(news: News) -> dict[str, Any]:
    kind = (
        "alert" if isinstance(news, AlertNews) else "comment" if isinstance(news, CommentNews) else "ticket"
    )
    return {
        "kind": kind,
        **{name: value for name, value in asdict(news).items() if value not in (None, {}, ())},
    }


async def _mail_shown(raw: RawDelivery) -> dict[str, Any]:
    """Return what is read in a mail. Whether it opens a ticket or answers one, its sender decides."""
    try:
        mail = await read_bounded(raw.body)
    except MailRefused as refused:
        return {"failure": refused.code}
    if mail.automatic.answer is not None:
        return {"ignored": mail.automatic.answer}
    told = {"kind": "mail", "sender": mail.sender, "title": mail.subject, "text": mail.own_text}
    return {"news": [told | {"attachments": [file.name for file in mail.attachments]}]}
