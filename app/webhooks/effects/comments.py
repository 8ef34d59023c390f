"""Comments on tickets of a tool: each is added once, as its author's. The newest text is shown, in whatever
order the deliveries arrive.

A comment that is made internal in the tool is withdrawn here and added again as an internal one, so its new
text never stands where requesters read. One that is made public is added again as well, if the delivery is
newer than all others about it: an old delivery never publishes what was hidden later. Its files follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from app.common.children import Visibility
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
from app.ticketing.comments import CommentTicket, CorrectComment, WithdrawComment
from app.ticketing.records import Comment
from app.webhooks.effects.comment_files import CommentFiles
from app.webhooks.effects.identities import Identity, speaker
from app.webhooks.effects.kept_files import COMMENT_KEY, kept_files
from app.webhooks.intake.deliveries import DeliveryEffect
from app.webhooks.mapping.updates import CommentUpdate

_MICROSECONDS = 1_000_000
#: The fields of a comment that marks of the news are about.
MARKED = ("text", "visibility")
COMMENTS = (
    "select id, author_id, text, visibility, withdrawn_at, altered from fold.comment where id = any(%s)"
)


@dataclass(frozen=True, slots=True)
class KnownComment:
    """A comment that is stored here, as of the delivery at `told_at` (microseconds since 1970).

    `text` is None if it was withdrawn or its author was erased.
    """

    id: UUID
    author_id: UUID
    text: str | None
    is_public: bool
    told_at: int
    altered: dict[str, list[str]]


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
    """Add the comment to the ticket of that stream, or change it. News that is known already, or older than
    the stored comment, has no effect. `events_ahead`: the ticket's events, if they were read a moment ago.

    A change of a comment that was never here is ignored. Raises a Refusal, or DatabaseGone.
    """
    taking = _Taking(ledger, channel, account, ticket, news, now)
    stored = await taking.find_comment(events_ahead)
    if stored is None and news.changes:
        return DeliveryEffect("ignored", ticket)
    effect = await (taking.add(author.id) if stored is None else taking.change(stored))
    await taking.attach_files(stored, author.id)
    return effect


def _told_at(news: CommentUpdate) -> int:
    return round(news.stated_at.timestamp() * _MICROSECONDS)


@dataclass(frozen=True, slots=True)
class _Taking:
    """The recording of one comment on a known ticket."""

    ledger: Ledger
    channel: str
    account: UUID
    ticket: str
    news: CommentUpdate
    now: datetime

    @property
    def _files(self) -> CommentFiles:
        version = _told_at(self.news)
        return CommentFiles(
            self.ledger, self.channel, self.account, self.ticket, self.name, version, self.now
        )

    @property
    def name(self) -> str:
        """The beginning of the comment's `source_ref`, which the time of the report follows."""
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
                # Earlier versions stored only the time of the event.
                told_at = max(told_at, int(version or event.occurred_at.timestamp() * _MICROSECONDS))
        if comment_id is None:
            return None
        (row,) = await self.ledger.db.rows(COMMENTS, ([comment_id],))
        texts = await self.ledger.vault.texts([row["text"]])
        text = None if row["withdrawn_at"] is not None else texts[row["text"]]
        is_public = row["visibility"] == Visibility.public.value
        return KnownComment(row["id"], row["author_id"], text, is_public, told_at, row["altered"] or {})

    async def add(self, author: UUID) -> DeliveryEffect:
        """Add the comment, once."""
        text = self.news.text[:LONGEST_PARAGRAPH]
        body = CommentTicket(text=text, visibility=self.news.visibility, occurred_at=self._at)
        return await self._perform(
            "comment", body, author, ("comment", self.channel, self.news.case, self.news.id)
        )

    async def attach_files(self, stored: KnownComment | None, author: UUID) -> None:
        """Attach the files of the news for the readers of the comment; `stored` is the comment before."""
        files = kept_files(self.news.whole_texts, self.news.files)
        if not files or (stored is not None and stored.text is None):
            return
        visibility = self.news.visibility
        if stored is not None:
            visibility = Visibility.public if self._is_public_after(stored) else Visibility.internal
        await self._files.attach(files, author, visibility)

    def _is_public_after(self, stored: KnownComment) -> bool:
        """Return whether requesters read the comment once the news is taken."""
        told_at, is_public = _told_at(self.news), self.news.visibility is Visibility.public
        if told_at < stored.told_at or self.news.changes == "withdrawal":
            return stored.is_public
        may_publish = told_at > stored.told_at and not self.news.changes
        return is_public if may_publish or not is_public else stored.is_public

    async def change(self, stored: KnownComment) -> DeliveryEffect:
        """Correct, hide or withdraw the stored comment, or leave it, as the news requires."""
        news, told_at = self.news, _told_at(self.news)
        if stored.text is None or told_at < stored.told_at:
            return DeliveryEffect("known_already", self.ticket)
        if news.changes == "withdrawal":
            return await self.withdraw(stored)
        text = news.text[:LONGEST_PARAGRAPH]
        if stored.is_public != self._is_public_after(stored):
            return await self.add_again(stored, text or stored.text)
        # If a comment changes twice in one second, the change that arrives later counts, as with tickets.
        if text != stored.text and not news.changes:
            return await self.correct(stored)
        return DeliveryEffect("known_already", self.ticket)

    async def withdraw(self, stored: KnownComment) -> DeliveryEffect:
        """Withdraw the comment, and its files first: an attempt that is cut short is repeated as a whole."""
        await self._files.withdraw()
        body = WithdrawComment(comment=stored.id, occurred_at=self._at)
        return await self._perform("withdraw_comment", body, stored.author_id, self._once("withdrawn"))

    async def add_again(self, stored: KnownComment, text: str) -> DeliveryEffect:
        """Withdraw the comment, and add it with its new visibility in the same append; its files go first."""
        await self._files.change_visibility(self.news.visibility)
        body = WithdrawComment(comment=stored.id, occurred_at=self._at)
        added = CommentTicket(text=text, visibility=self.news.visibility)
        key_parts = self._once(f"made {self.news.visibility.value}")
        # A change without a text leaves the text with its marks.
        taking = self if self.news.text else replace(self, news=replace(self.news, altered=stored.altered))
        follow_up = "comment", added
        return await taking._perform("withdraw_comment", body, stored.author_id, key_parts, follow_up)

    async def correct(self, stored: KnownComment) -> DeliveryEffect:
        """Correct the comment in the name of its author."""
        body = CorrectComment(
            comment=stored.id, text=self.news.text[:LONGEST_PARAGRAPH], occurred_at=self._at
        )
        return await self._perform(
            "correct_comment", body, stored.author_id, self._once("edited", self.news.text)
        )

    def _once(self, change: str, *words: str) -> tuple[str, ...]:
        """Return the parts of the key by which a change of the comment is made once."""
        news = self.news
        return (f"comment {change}", self.channel, news.case, news.id, str(_told_at(news)), *words)

    @property
    def _at(self) -> datetime:
        return min(self.news.occurred_at, self.now).astimezone(UTC)

    async def _perform(
        self,
        action: str,
        body: Payload,
        author: UUID,
        key_parts: tuple[str, ...],
        follow_up: tuple[str, Payload] | None = None,
    ) -> DeliveryEffect:
        metadata = CommandMetadata(
            caller=speaker(self.account, author),
            now=self.now,
            correlation_id=str(uuid7()),
            source=self.channel,
            source_ref=f"{self.name}@{_told_at(self.news)}",
            on_behalf_of=author,
            altered={name: codes for name in MARKED if (codes := self.news.altered.get(name))},
        )
        fingerprint = self.ledger.vault.fingerprint(*key_parts)
        once = IdempotencyKey(f"{self.channel}/comments", fingerprint, fingerprint)
        lifecycle = self.ledger.lifecycles[kind_of(self.ticket)]
        name = str(id_of(self.ticket))
        command = Command(lifecycle, lifecycle[action], name, body, metadata, None, once, follow_up)
        try:
            try:
                done = await perform(self.ledger, command)
            except WrongValue as refused:
                if refused.because != "before_it_was_opened":
                    raise
                # The tool opened its ticket later than it claims, or an older delivery is still to come.
                undated = body.model_copy(update={"occurred_at": None})
                done = await perform(self.ledger, replace(command, body=undated))
        except DuplicateCommand:
            return DeliveryEffect("known_already", self.ticket)
        return DeliveryEffect("commented", self.ticket, done.record.number, self.news.altered)
