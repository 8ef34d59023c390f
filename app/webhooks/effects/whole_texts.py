"""Whole texts of tools that are longer than a field: files of the ticket, so that no word is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from uuid import UUID, uuid5

from app.common.children import Visibility
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kernel.uploads import IncomingUpload, store_upload
from app.log.events import id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.ticketing.attachments import AttachTicket
from app.webhooks.effects.comments import COMMENT_KEY
from app.webhooks.effects.identities import speaker, tool_caller

#: The names of files by the field that holds the beginning of their text.
_NAMES = {"text": "comment.txt"}


async def attach_whole_texts(
    ledger: Ledger,
    channel: str,
    account: UUID,
    author: UUID | None,
    ticket: str,
    texts: Mapping[str, str],
    *,
    now: datetime,
    visibility: Visibility = Visibility.public,
) -> None:
    """Attach each text to the ticket of that stream, once, as its author's, whose erasure makes it
    unreadable; None: as the tool's. Raises a Refusal, or DatabaseGone.
    """
    by = tool_caller(account) if author is None else speaker(account, author)
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    for field, text in sorted(texts.items()):
        fingerprint = ledger.vault.fingerprint("whole text", channel, ticket, field, text)
        content = text.encode()
        upload_id = uuid5(id_of(ticket), fingerprint)
        await store_upload(ledger, IncomingUpload(upload_id, by, len(content), _one_piece(content), now))
        metadata = CommandMetadata(
            caller=by,
            now=now,
            correlation_id=str(uuid7()),
            source=channel,
            source_ref=f"{COMMENT_KEY}{fingerprint}",
            on_behalf_of=author,
        )
        body = AttachTicket(upload=upload_id, name=_NAMES.get(field, f"{field}.txt"), visibility=visibility)
        once = IdempotencyKey(f"{channel}/texts", fingerprint, fingerprint)
        try:
            await perform(
                ledger,
                Command(lifecycle, lifecycle["attach"], str(id_of(ticket)), body, metadata, None, once),
            )
        except DuplicateCommand:
            continue
        except WrongValue as refused:  # the tool tells the same text with each of its events
            if refused.because != "attached_already":
                raise


async def _one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
