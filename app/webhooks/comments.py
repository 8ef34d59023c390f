"""Comments on tickets of a tool: an action of whoever wrote them, once per comment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.payloads import LONGEST_PARAGRAPH
from app.kernel.perform import Command, IdempotencyKey, perform
from app.kernel.refusals import WrongValue
from app.log.events import id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.ticketing.comments import CommentTicket
from app.webhooks.deliveries import Effect
from app.webhooks.identities import Identity, speaker
from app.webhooks.mapping.news import CommentNews

#: What the `source_ref` of a comment begins with.
COMMENT_KEY = "comment:"


async def add_comment(
    ledger: Ledger,
    channel: str,
    account: UUID,
    author: Identity,
    ticket: str,
    news: CommentNews,
    *,
    now: datetime,
) -> Effect:
    """Add the comment to the ticket of that stream. A comment that is there already has no effect.

    Raises a Refusal, or DatabaseGone.
    """
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    metadata = CommandMetadata(
        caller=speaker(account, author.id),
        now=now,
        correlation_id=str(uuid7()),
        source=channel,
        source_ref=f"{COMMENT_KEY}{ledger.vault.fingerprint(channel, news.id)}",
        on_behalf_of=author.id,
    )
    body = CommentTicket(
        text=news.text[:LONGEST_PARAGRAPH], visibility=news.visibility, occurred_at=min(news.at, now)
    )
    fingerprint = ledger.vault.fingerprint("comment", channel, news.case, news.id)
    once = IdempotencyKey(f"{channel}/comments", fingerprint, fingerprint)
    command = Command(lifecycle, lifecycle["comment"], str(id_of(ticket)), body, metadata, None, once)
    try:
        done = await perform(ledger, command)
    except DuplicateCommand:
        return Effect("known_already", ticket)
    except WrongValue as refused:
        if refused.because != "before_it_was_opened":
            raise
        # The tool opened its ticket later than it says, or an older delivery is still to come.
        undated = body.model_copy(update={"occurred_at": None})
        later = Command(lifecycle, command.row, command.name, undated, metadata, None, once)
        try:
            done = await perform(ledger, later)
        except DuplicateCommand:
            return Effect("known_already", ticket)
    return Effect("commented", ticket, done.record.number)
