"""Mails of one thread, and copies of one mail: by the ids that mails name, and by what they say.

Ids are kept as hashes, since they may name persons. A mail names those before it, so the mails of a thread
are known as one also where the mail that all of them answer never came, or comes last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from app.kernel.ledger import Ledger
from app.platform.db import Database
from app.webhooks.adapters import MAIL
from app.webhooks.intake.deliveries import (
    DeliveryEffect,
    DeliveryState,
    StoredDelivery,
    content_of,
    find_by_key,
)
from app.webhooks.mail.delivery import key_of_message_id, key_of_same_id
from app.webhooks.mail.message import IncomingMail
from app.webhooks.mail.reader import read_bounded

#: A date farther from the receipt than that is one of a device whose clock is not set.
LONGEST_WAY = timedelta(days=30)
#: So long, mails that name the same ids are looked for.
LONGEST_THREAD = timedelta(days=30)
#: Ids of a thread that are kept with a mail, the nearest and the first.
MOST_REFERENCES = 20
MOST_RELATED = 5
EARLIER_MAILS = """
select d.delivery_key, d.effects->0->>'record' as record from plumbing.webhook_delivery d
where d.delivery_key = any(%s) and d.state = 'processed' and d.effects->0->>'record' is not null
  and d.source_id in (select id from fold.webhook_source where adapter = %s)"""
MAILS_OF_THREAD = f"""
select d.effects->0->>'record' as record, d.effects->0->'thread'->>'topic' as topic
from plumbing.webhook_delivery d
where d.source_id = %s and d.received_at > %s and d.state = 'processed'
  and d.effects->0->'thread'->'ids' ?| %s and d.effects->0->>'record' is not null
order by d.received_at, d.id limit {MOST_RELATED}"""
_REPLY = re.compile(
    r"^(?:\s*(?:re|aw|antw|antwort|sv|vs|rv|tr|rép|ref|fwd?|wg|odp|回复|回覆|答复|转发|返信|отв)"
    r"\s*(?:\[\d+\])?\s*[:：])+",
    re.IGNORECASE,
)


class RelatedMail(NamedTuple):
    """The ticket of a mail of the same thread, and whether its subject is the same."""

    ticket: str
    is_same_subject: bool


async def tickets_of_mails(db: Database, message_ids: Sequence[str]) -> dict[str, str]:
    """Return the tickets that earlier mails with these ids opened or joined, by the ids."""
    ids = {key_of_message_id(each): each for each in message_ids}
    rows = await db.rows(EARLIER_MAILS, (list(ids), MAIL)) if ids else ()
    return {ids[row["delivery_key"]]: row["record"] for row in rows}


async def mails_of_thread(
    db: Database, source_id: UUID, mail: IncomingMail, now: datetime
) -> list[RelatedMail]:
    """Return the tickets of mails that answer the mail, or one that it answers; the first first."""
    ids = [key_of_message_id(each) for each in (mail.message_id, *mail.references)]
    rows = await db.rows(MAILS_OF_THREAD, (source_id, now - LONGEST_THREAD, ids))
    topic = _topic(mail.subject)
    return [RelatedMail(row["record"], row["topic"] == topic) for row in rows]


def thread_of(mail: IncomingMail) -> dict[str, object]:
    """Return what is kept of a mail so that others of its thread find it; empty: it answers nothing."""
    references = mail.references
    if len(references) > MOST_REFERENCES:
        references = (*references[: MOST_REFERENCES - 1], references[-1])
    ids = [key_of_message_id(each) for each in references]
    return {"ids": ids, "topic": _topic(mail.subject)} if ids else {}


def _topic(subject: str) -> str:
    plain = " ".join(_REPLY.sub("", subject).casefold().split())
    return sha256(plain.encode()).hexdigest()[:32]


async def first_copy(
    ledger: Ledger,
    delivery: StoredDelivery,
    mail: IncomingMail,
    prepared: Callable[[IncomingMail], IncomingMail],
) -> DeliveryEffect | None:
    """Return what another copy of the mail has led to: a list and a mailbox may bring the same one with other
    headers, or with a line more. None: it is no copy. Programs that give all their mails one Message-ID may
    send two within a second, so a copy must say the same. `prepared` reads the other as this one was read.
    """
    key = key_of_same_id(delivery.delivery_key)
    row = None if key is None else await find_by_key(ledger.db, delivery.source_id, key)
    raw = None if row is None else content_of(ledger, row["sealed"])
    if row is None or raw is None or row["state"] != DeliveryState.processed:
        return None
    first = prepared(await read_bounded(raw.body))
    if (first.sender, first.sent_at) != (mail.sender, mail.sent_at):
        return None
    is_dated = mail.sent_at is not None and abs(delivery.received_at - mail.sent_at) < LONGEST_WAY
    if not (_repeats(first, mail) if is_dated else _is_equal(first, mail)):
        return None
    led_to = row["effects"][0]
    return DeliveryEffect("known_already", led_to["record"], led_to["number"])


def _is_equal(first: IncomingMail, second: IncomingMail) -> bool:
    return (first.subject, first.whole_text, first.attachments) == (
        second.subject,
        second.whole_text,
        second.attachments,
    )


def _repeats(first: IncomingMail, second: IncomingMail) -> bool:
    """Return whether one of the mails is the other with more around it: a list puts its name before the
    subject, and lines below or above the text.
    """
    subjects = sorted((_words(first.subject), _words(second.subject)), key=len)
    texts = sorted((_lines(first.whole_text), _lines(second.whole_text)), key=len)
    same_subject = subjects[1].endswith(subjects[0]) and bool(subjects[0]) is bool(subjects[1])
    return same_subject and texts[0] in texts[1] and bool(texts[0].strip()) is bool(texts[1].strip())


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _lines(text: str) -> str:
    """Return the lines with a break around each, so that only whole lines are found within others."""
    return "\n" + "\n".join(line for each in text.splitlines() if (line := _words(each))) + "\n"
