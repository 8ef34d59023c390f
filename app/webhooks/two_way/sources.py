"""Sources whose tickets are changed on both sides: echoes, conflicts that are kept, and what waits for
an answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.common.records import CodeEnum
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.processes.incidents.lifecycle import LIFECYCLE
from app.ticketing.comments import CommentTicket
from app.webhooks.effects.identities import Identity, speaker
from app.webhooks.mapping.updates import CommentUpdate, NamedPerson, TicketUpdate
from app.webhooks.two_way.differences import WRITTEN_COLUMNS, FieldConflict, Hearing, TicketDifference
from app.webhooks.two_way.pending_writes import OPENING, Writes
from app.webhooks.two_way.tool_clocks import on_our_clock

U = TypeVar("U", bound=TicketUpdate | CommentUpdate)

#: Name under which conflicts are kept. It is not a source, so the comment goes to the tool, too.
CONFLICT_RULE = "rule:keep_conflicts"
FIELD_WORDS = {"title": ("title", "标题"), "priority": ("priority", "优先级"), "state": ("state", "状态")}


@dataclass(frozen=True, slots=True)
class AnsweredWrite:
    """An answer of the tool about the ticket of that stream. `written` are keyed fingerprints of the values
    that we have written, by field; None: all of it is our own, since we have opened the ticket.
    """

    stream: str
    written: Mapping[str, str] | None
    fingerprints_of: Mapping[str, Collection[str]]

    def ours(self, news: TicketUpdate) -> Collection[str]:
        """Return the columns whose values are what we wrote."""
        if self.written is None:
            return news.columns.keys()
        written, their_change = self.written, self.fingerprints_of
        return {
            c
            for c, name in WRITTEN_COLUMNS.items()
            if name in written and written[name] in their_change.get(name, ())
        }


@dataclass(frozen=True, slots=True)
class TwoWaySource:
    """A source whose tool is written to with these accounts. `groups` are the states that the tool does not
    distinguish, by state; `account` is the source's own.
    """

    ledger: Ledger
    writes: Writes
    account: Identity
    accounts: frozenset[str]
    groups: Mapping[str, str]
    clock: Clock

    def is_ours(self, actor: NamedPerson | None) -> bool:
        """Return whether the tool names an account that we write with."""
        return actor is not None and not self.accounts.isdisjoint({actor.id, actor.name})

    async def convert(self, news: U, received_at: datetime) -> U:
        """Return the news of the tool with its times by our clock, at the latest its receipt."""
        ahead = (await self.writes.clock()).ahead
        return on_our_clock(news, ahead, received_at, received_at)

    async def is_echo(self, stream: str, hearing: Hearing, news: TicketUpdate) -> bool:
        """Return whether the news repeats our own write to the ticket."""
        if not self.is_ours(news.actor):
            return False
        # Releases before 0.2 have not noted it.
        written_at = (await self.writes.find_write(stream)).written_at or hearing.written_at
        return written_at is not None and news.stated_at <= written_at

    async def columns_under_way(self, stream: str, news: TicketUpdate) -> Collection[str]:
        """Return the columns whose value from the tool is the one that we are just writing, whatever person
        the tool names.
        """
        written = (await self.writes.find_write(stream)).writing
        return AnsweredWrite(stream, written, self.fingerprints(stream, news)).ours(news) if written else ()

    def group(self, state: CodeEnum) -> str:
        """Return what the state is for the tool."""
        return self.groups.get(state.value, state.value)

    def fingerprint(self, stream: str, name: str, text: str) -> str:
        """Return the keyed fingerprint of a value that is written to the ticket."""
        return self.ledger.vault.fingerprint("written", stream, name, text)

    def fingerprints(self, stream: str, news: TicketUpdate) -> dict[str, list[str]]:
        """Return keyed fingerprints of the fields as the tool has them: one of each name of an assignee."""
        told_fields: dict[str, Any] = {name: [news.fields.get(name)] for name in ("title", "priority")}
        told_fields["state"] = [None if news.state is None else self.group(news.state)]
        assignee = news.fields.get("assignee")
        if isinstance(assignee, NamedPerson):
            names = (assignee.id, assignee.name, *news.assignees)
            told_fields["assignee"] = [name.casefold() for name in names if name is not None]
        elif "assignee" in news.fields:
            told_fields["assignee"] = [""]
        return {
            name: [self.fingerprint(stream, name, str(each)) for each in values if each is not None]
            for name, values in told_fields.items()
        }

    async def is_awaited(self, ticket: str | None) -> bool:
        """Return whether an answer is still to come: about that ticket, or about one that is just
        opened.
        """
        return await (self.writes.is_opening() if ticket is None else self.writes.has_pending_write(ticket))

    async def awaits(self, news: TicketUpdate | CommentUpdate, ticket: str | None) -> str | None:
        """Return the name by which the news waits for the answer to a write of ours; None: it need
        not.
        """
        if ticket is None:
            return OPENING if await self.writes.is_opening() else None
        actor = news.actor if isinstance(news, TicketUpdate) else news.author
        if self.is_ours(actor) and await self.writes.has_pending_write(ticket):
            return news.case
        return None

    async def is_known_comment(self, news: CommentUpdate) -> bool:
        """Return whether the comment is one of ours, as we have written it."""
        written_at = await self.writes.comment_written_at(news.id)
        return written_at is not None and news.stated_at <= written_at

    async def keep_conflicts(self, record: Any, ticket_difference: TicketDifference) -> bool:
        """Keep conflicts as comments, and note doubts, before anything else is recorded of the delivery.
        Return whether the ticket has changed by it.
        """
        if ticket_difference.is_unsure:
            await self.writes.doubt(record.row_key)
        kept_conflicts = [
            await self._keep_conflict(record, conflict) for conflict in ticket_difference.conflicts
        ]
        return any(kept_conflicts)

    async def _keep_conflict(self, record: Any, conflict: FieldConflict) -> bool:
        """Keep the conflict as a comment, once. Return whether it was not kept already."""
        now = self.clock()
        text = _words(conflict)
        lost = conflict.our_change if conflict.there_holds else conflict.their_change
        # A text that is kept already need not be kept again; states come again and again.
        conflict_time = "" if conflict.field == "title" else conflict.occurred_at.isoformat()
        name = self.ledger.vault.fingerprint(
            "conflict", record.row_key, conflict.field, str(lost), conflict_time
        )
        once = IdempotencyKey(CONFLICT_RULE, name, name)
        metadata = CommandMetadata(
            caller=speaker(self.account.id, self.account.id),
            now=now,
            correlation_id=str(uuid7()),
            source=CONFLICT_RULE,
        )
        body = CommentTicket(text=text)
        command = Command(LIFECYCLE, LIFECYCLE["comment"], str(record.id), body, metadata, None, once)
        try:
            await perform(self.ledger, command)
        except DuplicateCommand:
            return False
        return True


def _words(conflict: FieldConflict) -> str:
    """Return the text about a conflict, in both languages."""
    english, chinese = FIELD_WORDS[conflict.field]
    our_change, their_change = conflict.our_change, conflict.their_change
    stands, lost = (their_change, our_change) if conflict.there_holds else (our_change, their_change)
    side, zh_side = ("here", "本系统") if conflict.there_holds else ("in the other tool", "对方工具")
    english_words = [_label(each, "en") for each in (stands, lost)]
    chinese_words = [_label(each, "zh") for each in (stands, lost)]
    return (
        f"The {english} was changed on both sides. The later change holds: “{english_words[0]}”. "
        f"The one made {side} was: “{english_words[1]}”.\n"
        f"双方都修改了{chinese}，以较晚的修改为准：“{chinese_words[0]}”。"
        f"{zh_side}所作的修改是：“{chinese_words[1]}”。"
    )


def _label(change: str | CodeEnum | None, language: str) -> str:
    if isinstance(change, CodeEnum):
        return change.label(language)
    return change or "—"
