"""Tags of a tool's tickets: those that the tool has set follow it, those that people set here stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of
from app.log.ids import uuid7
from app.ticketing.records import Tag
from app.ticketing.tags import TagTicket, UntagTicket
from app.webhooks.effects.identities import speaker
from app.webhooks.effects.mirrored.lookups import tags_of


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
    changes: list[tuple[str, Payload]] = [
        ("untag", UntagTicket(tag=name))
        for name, tag_id in sorted(tags.items())
        if name not in news_tags and tag_id in own_ids
    ]
    changes += [("tag", TagTicket(tag=name)) for name in sorted(news_tags - tags.keys())]
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
