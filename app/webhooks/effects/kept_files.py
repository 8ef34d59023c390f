"""Files of a ticket with what its fields cannot hold: whole texts of tools that are longer than a field, and
files that stood within texts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID, uuid5

from app.common.children import Visibility
from app.common.files.data_files import DataFile
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
from app.webhooks.effects.identities import speaker

#: Beginning of the `source_ref` of a comment or a file, unlike that of a ticket update.
COMMENT_KEY = "comment:"
#: The names of files by the field that holds the beginning of their text.
_NAMES = {"text": "comment.txt"}


class KeptFile(NamedTuple):
    """A file to attach, and by what the same file is known if it comes again. `source_ref`: that of its
    event; None: one of the file's own.
    """

    name: str
    content: bytes
    known_by: tuple[str, ...]
    visibility: Visibility = Visibility.public
    source_ref: str | None = None


def kept_files(texts: Mapping[str, str], files: Sequence[DataFile]) -> list[KeptFile]:
    """Return the whole texts, by the fields that hold their beginnings, and the files as files to attach."""
    attachments = [
        KeptFile(_NAMES.get(field, f"{field}.txt"), text.encode(), ("whole text", field, text))
        for field, text in sorted(texts.items())
    ]
    return attachments + [
        KeptFile(each.name, each.content, ("file", sha256(each.content).hexdigest())) for each in files
    ]


async def attach_files(
    ledger: Ledger,
    channel: str,
    account: UUID,
    author: UUID,
    ticket: str,
    files: Sequence[KeptFile],
    *,
    now: datetime,
) -> None:
    """Attach each file to the ticket of that stream, once, as its author's, whose erasure makes it
    unreadable. Raises a Refusal, or DatabaseGone.
    """
    by = speaker(account, author)
    lifecycle = ledger.lifecycles[kind_of(ticket)]
    for file in files:
        kind, *identity = file.known_by
        fingerprint = ledger.vault.fingerprint(kind, channel, ticket, *identity)
        upload_id = uuid5(id_of(ticket), fingerprint)
        content = file.content
        await store_upload(ledger, IncomingUpload(upload_id, by, len(content), _one_piece(content), now))
        metadata = CommandMetadata(
            caller=by,
            now=now,
            correlation_id=str(uuid7()),
            source=channel,
            source_ref=file.source_ref or f"{COMMENT_KEY}{fingerprint}",
            on_behalf_of=author,
        )
        body = AttachTicket(upload=upload_id, name=file.name, visibility=file.visibility)
        once = IdempotencyKey(f"{channel}/texts", fingerprint, fingerprint)
        try:
            await perform(
                ledger,
                Command(lifecycle, lifecycle["attach"], str(id_of(ticket)), body, metadata, None, once),
            )
        except DuplicateCommand:
            continue
        except WrongValue as refused:  # the tool sends the same text with each of its events
            if refused.because != "attached_already":
                raise


async def _one_piece(content: bytes) -> AsyncIterator[bytes]:
    yield content
