"""Preview of a delivery: what it would tell by the source's mapping, without writing anything."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.webhooks.adapters import MAIL
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.evaluation import evaluate
from app.webhooks.mail.reader import read_bounded
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.updates import AlertSignal, CommentUpdate, MappingFailed, ParsedUpdate
from app.webhooks.sources.records import WebhookSource


async def preview_of(source: WebhookSource, raw: RawDelivery, now: datetime, zone: str) -> dict[str, Any]:
    """Return what the delivery tells, why it tells nothing, or why the mapping does not fit it. `zone`: the
    organisation's.
    """
    answer: dict[str, Any] = {"ignored": None, "failure": None, "mapping_key": None, "news": []}
    if source.adapter == MAIL:
        return answer | await _mail_shown(raw)
    try:
        evaluation = await evaluate(source, raw, now, zone)
    except MappingFailed as error:
        return answer | {"failure": error.words, "mapping_key": error.key}
    if evaluation.failed:
        first = evaluation.failed[min(evaluation.failed)]
        answer |= {"failure": first.words, "mapping_key": first.key}
    return answer | {"ignored": evaluation.ignored, "news": [_shown(update) for update in evaluation.news]}


def _shown(news: ParsedUpdate) -> dict[str, Any]:
    kind = (
        "alert"
        if isinstance(news, AlertSignal)
        else "comment"
        if isinstance(news, CommentUpdate)
        else "ticket"
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
    update = {"kind": "mail", "sender": mail.sender, "title": mail.subject, "text": mail.own_text}
    return {"news": [update | {"attachments": [file.name for file in mail.attachments]}]}
