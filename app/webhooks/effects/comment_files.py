"""Files of a comment on a ticket of a tool: its whole text, and pictures within it. They follow the comment.

A file whose comment becomes internal is attached again for staff, and the one that requesters saw is
withdrawn, as the comment is. A file of a withdrawn comment is withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from app.common.children import Attachment, Visibility
from app.common.records import from_row
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kernel.uploads import read_all
from app.log import read
from app.log.events import id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.ticketing.attachments import WithdrawAttachment
from app.webhooks.effects.identities import speaker
from app.webhooks.effects.kept_files import KeptFile, attach_files

FILES = "select * from fold.attachment where id = any(%s) and withdrawn_at is null order by attached_at, id"


@dataclass(frozen=True, slots=True)
class CommentFiles:
    """The files of the comment whose events have `source_ref`s that begin with `name`. `version` is the time
    of the delivery, and distinguishes files that came and went before.
    """

    ledger: Ledger
    channel: str
    account: UUID
    ticket: str
    name: str
    version: int
    now: datetime

    @property
    def _reference(self) -> str:
        """Beginning of the `source_ref`s of the files."""
        return f"{self.name}/"

    async def stored(self) -> list[tuple[Attachment, str]]:
        """Return the files that can still be read, with their names."""
        events = await read.events_told(self.ledger.db, self.ticket, self.channel, self._reference)
        ids = [id_of(key) for event in events for key in event.rows_set(Attachment.KIND)]
        if not ids:
            return []
        files = [from_row(Attachment, row) for row in await self.ledger.db.rows(FILES, (ids,))]
        names = await self.ledger.vault.texts([file.name for file in files if file.name is not None])
        named = [(file, names[file.name]) for file in files if file.name is not None]
        return [(file, name) for file, name in named if name is not None]

    async def attach(self, files: Sequence[KeptFile], author: UUID, visibility: Visibility) -> None:
        """Attach those of the files that are not there yet. Raises a Refusal, or DatabaseGone."""
        if not files:
            return
        digests = {file.sha256 for file, _ in await self.stored()}
        new = [file for file in files if sha256(file.content).hexdigest() not in digests]
        await self._attach(new, author, visibility)

    async def change_visibility(self, visibility: Visibility) -> None:
        """Attach the files again for these readers, and withdraw those for other readers."""
        stored = await self.stored()
        digests = {file.sha256 for file, _ in stored if file.visibility is visibility}
        for file, name in stored:
            if file.visibility is visibility:
                continue
            if file.sha256 not in digests and file.author_id is not None:
                content = await read_all(self.ledger, file.id)
                moved = KeptFile(name, content, ("moved file", str(file.id)))
                await self._attach([moved], file.author_id, visibility)
            await self._withdraw(file)

    async def withdraw(self) -> None:
        """Withdraw all files."""
        for file, _ in await self.stored():
            await self._withdraw(file)

    async def _attach(self, files: Sequence[KeptFile], author: UUID, visibility: Visibility) -> None:
        of_comment = (self.name, visibility.value, str(self.version))
        await attach_files(
            self.ledger,
            self.channel,
            self.account,
            author,
            self.ticket,
            [
                KeptFile(
                    file.name,
                    file.content,
                    (*file.known_by, *of_comment),
                    visibility,
                    f"{self._reference}{self.version}",
                )
                for file in files
            ],
            now=self.now,
        )

    async def _withdraw(self, file: Attachment) -> None:
        author = file.author_id or self.account
        metadata = CommandMetadata(
            caller=speaker(self.account, author),
            now=self.now,
            correlation_id=str(uuid7()),
            source=self.channel,
            source_ref=f"{self.name}-{self.version}",
            on_behalf_of=author,
        )
        lifecycle = self.ledger.lifecycles[kind_of(self.ticket)]
        fingerprint = self.ledger.vault.fingerprint("file withdrawn", self.channel, str(file.id))
        once = IdempotencyKey(f"{self.channel}/texts", fingerprint, fingerprint)
        body, action = WithdrawAttachment(attachment=file.id), lifecycle["withdraw_attachment"]
        try:
            await perform(
                self.ledger,
                Command(lifecycle, action, str(id_of(self.ticket)), body, metadata, None, once),
            )
        except DuplicateCommand:
            return
