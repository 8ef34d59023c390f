"""Tags of a tool's tickets. Tags that the tool has set follow it, and those that people set here stay. Where
the tool is written to, public tags are the same on both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.log.ids import uuid7
from app.ticketing.records import Tag
from app.ticketing.tags import TagTicket, UntagTicket
from app.webhooks.effects.identities import speaker
from app.webhooks.effects.mirrored.lookups import tags_of, visibility_of_tags
from app.webhooks.mapping.updates import TicketUpdate
from app.webhooks.two_way.labels import LabelDifference, common_names, label_difference
from app.webhooks.two_way.pending_writes import CommonLabels, Writes


async def take_tags(
    ledger: Ledger,
    channel: str,
    account: UUID,
    ticket: str,
    news_tags: frozenset[str],
    *,
    events: Sequence[Recorded],
    now: datetime,
) -> None:
    """Add the tags that the tool has set, and remove those that it has taken back; `events` are those of the
    source about the ticket. Raises a Refusal, or DatabaseGone.
    """
    own_ids = {id_of(key) for event in events for key in event.data["set"] if kind_of(key) == Tag.KIND}
    tags = await tags_of(ledger.db, ticket)
    removed = [name for name, tag_id in tags.items() if name not in news_tags and tag_id in own_ids]
    await _change_tags(ledger, channel, account, ticket, now, added=news_tags - tags.keys(), removed=removed)


async def share_labels(
    ledger: Ledger,
    channel: str,
    account: UUID,
    ticket: str,
    news: TicketUpdate,
    *,
    writes: Writes,
    now: datetime,
    is_answer: bool = False,
) -> LabelDifference | None:
    """Take over the labels that the tool has added or removed since both sides were compared, and return what
    it does not have yet; None if it does not tell its labels, or not those after the last comparison.
    `is_answer`: the tool was asked. Raises a Refusal, or DatabaseGone.
    """
    if news.tags is None:
        return None
    common = await writes.common_labels(ticket)
    if common is None:
        row_sets = [e.data["set"] for e in await read.stream_events(ledger.db, ticket) if e.source == channel]
        names = {row["name"] for rows in row_sets for key, row in rows.items() if kind_of(key) == Tag.KIND}
    elif news.stated_at < common.labels_at or (news.stated_at == common.labels_at and not is_answer):
        return None
    else:
        names = set(common.labels)
    changes = label_difference(names, await visibility_of_tags(ledger.db, ticket), news.tags)
    await _change_tags(ledger, channel, account, ticket, now, added=changes.tag, removed=changes.untag)
    # What is removed here counts as common until the tool has removed it, too.
    common_now = common_names(await tags_of(ledger.db, ticket), news.tags) | set(changes.remove)
    await writes.save_common_labels(ticket, CommonLabels(common_now, news.stated_at))
    return changes


async def _change_tags(
    ledger: Ledger,
    channel: str,
    account: UUID,
    ticket: str,
    now: datetime,
    *,
    added: Iterable[str],
    removed: Iterable[str],
) -> None:
    changes: list[tuple[str, Payload]] = [("untag", UntagTicket(tag=name)) for name in sorted(removed)]
    changes += [("tag", TagTicket(tag=name)) for name in sorted(added)]
    for action, body in changes:
        metadata = CommandMetadata(
            caller=speaker(account, account), now=now, correlation_id=str(uuid7()), source=channel
        )
        lifecycle = ledger.lifecycles[kind_of(ticket)]
        try:
            await perform(ledger, Command(lifecycle, lifecycle[action], str(id_of(ticket)), body, metadata))
        except WrongValue as refused:
            if refused.because != "too_many_tags":
                raise
            return
