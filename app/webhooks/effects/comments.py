"""Comments on tickets of a tool: an action of whoever wrote them, once per comment; what is edited over there
is corrected here. The newest text stands, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import LONGEST_PARAGRAPH, Payload
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.ticketing.comments import CommentTicket, CorrectComment
from app.ticketing.records import Comment
from app.webhooks.effects.identities import Identity, speaker
from app.webhooks.intake.deliveries import DeliveryEffect
from app.webhooks.mapping.updates import CommentUpdate

#: What the `source_ref` of a comment begins with. After it come the comment's name, and when it was told of.
COMMENT_KEY = "comment:"
_MICROSECONDS = 1_000_000
COMMENTS = "select id, author_id, text, withdrawn_at from fold.comment where id = any(%s)"


@dataclass(frozen=True, slots=True)
class KnownComment:
    """A comment that is here: what is told of it `told_at` stands. `text` None: it can be read no more."""

    id: UUID
    author_id: UUID
    text: str | None
    told_at: int


async def take_comment(
    ledger: Ledger,
    channel: str,
    account: UUID,
    author: Identity,
    ticket: str,
    news: CommentUpdate,
    *,
    now: datetime,
    events_ahead: Sequence[Recorded] | None = None,
) -> DeliveryEffect:
    """Add the comment to the ticket of that stream, or correct it. What is known already, or older than what
    is known, has no effect. `events_ahead`: the ticket's events, if they were read a moment ago.

    Raises a Refusal, or DatabaseGone.
    """
    taking = _Taking(ledger, channel, account, ticket, news, now)
    stored = await taking.find_comment(events_ahead)
    if stored is None:
        return await taking.add(author)
    if stored.text in (None, news.text[:LONGEST_PARAGRAPH]) or _told_at(news) <= stored.told_at:
        return DeliveryEffect("known_already", ticket)
    return await taking.correct(stored)


def _told_at(news: CommentUpdate) -> int:
    return round(news.occurred_at.timestamp() * _MICROSECONDS)


@dataclass(frozen=True, slots=True)
class _Taking:
    """The taking of one comment, told of a ticket that is known."""

    ledger: Ledger
    channel: str
    account: UUID
    ticket: str
    news: CommentUpdate
    now: datetime

    @property
    def name(self) -> str:
        """The begin of the comment's `source_ref`."""
        return f"{COMMENT_KEY}{self.ledger.vault.fingerprint(self.channel, self.news.id)}"

    async def find_comment(self, events: Sequence[Recorded] | None) -> KnownComment | None:
        """Return the comment, if it is here, by these events of the ticket; None: they are read."""
        comment_id, told_at = None, 0
        if events is None:
            events = await read.events_told(self.ledger.db, self.ticket, self.channel, self.name)
        for event in events:
            name, _, version = (event.source_ref or "").partition("@")
            if name == self.name and event.source == self.channel:
                comment_id = next(
                    (id_of(key) for key in event.data["set"] if kind_of(key) == Comment.KIND), None
                )
                # Earlier versions told no time besides that of the event.
                told_at = max(told_at, int(version or event.occurred_at.timestamp() * _MICROSECONDS))
        if comment_id is None:
            return None
        (row,) = await self.ledger.db.rows(COMMENTS, ([comment_id],))
        texts = await self.ledger.vault.texts([row["text"]])
        text = None if row["withdrawn_at"] is not None else texts[row["text"]]
        return KnownComment(row["id"], row["author_id"], text, told_at)

    async def add(self, author: Identity) -> DeliveryEffect:
        """Add the comment, once."""
        text = self.news.text[:LONGEST_PARAGRAPH]
        body = CommentTicket(text=text, visibility=self.news.visibility, occurred_at=self._at)
        return await self._perform(
            "comment", body, author.id, ("comment", self.channel, self.news.case, self.news.id)
        )

    async def correct(self, stored: KnownComment) -> DeliveryEffect:
        """Correct the comment in the name of whoever wrote it."""
        body = CorrectComment(
            comment=stored.id, text=self.news.text[:LONGEST_PARAGRAPH], occurred_at=self._at
        )
        key_parts = ("comment edited", self.channel, self.news.case, self.news.id, str(_told_at(self.news)))
        return await self._perform("correct_comment", body, stored.author_id, key_parts)

    @property
    def _at(self) -> datetime:
        return min(self.news.occurred_at, self.now).astimezone(UTC)

    async def _perform(
        self, action: str, body: Payload, author: UUID, key_parts: tuple[str, ...]
    ) -> DeliveryEffect:
        metadata = CommandMetadata(
            caller=speaker(self.account, author),
            now=self.now,
            correlation_id=str(uuid7()),
            source=self.channel,
            source_ref=f"{self.name}@{_told_at(self.news)}",
            on_behalf_of=author,
            altered={"comment": codes} if (codes := self.news.altered.get("text")) else {},
        )
        fingerprint = self.ledger.vault.fingerprint(*key_parts)
        once = IdempotencyKey(f"{self.channel}/comments", fingerprint, fingerprint)
        lifecycle = self.ledger.lifecycles[kind_of(self.ticket)]
        command = Command(lifecycle, lifecycle[action], str(id_of(self.ticket)), body, metadata, None, once)
        try:
            try:
                done = await perform(self.ledger, command)
            except WrongValue as refused:
                if refused.because != "before_it_was_opened":
                    raise
                # The tool opened its ticket later than it says, or an older delivery is still to come.
                undated = body.model_copy(update={"occurred_at": None})
                later = Command(lifecycle, command.row, command.name, undated, metadata, None, once)
                done = await perform(self.ledger, later)
        except DuplicateCommand:
            return DeliveryEffect("known_already", self.ticket)
        return DeliveryEffect("commented", self.ticket, done.record.number, self.news.altered)
