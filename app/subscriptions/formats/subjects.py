"""Subjects of messages to people: the record that an event is of, and what happened to it, in words."""

from __future__ import annotations

from app.kernel.histories.feed import SeenEvent
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.subscriptions.formats.message import MessageSubject


async def subject_of(ledger: Ledger, seen_event: SeenEvent) -> MessageSubject:
    """Return the number and title of the event's record, and what happened. Raises DatabaseGone."""
    event, lifecycle = seen_event.event, seen_event.lifecycle
    names = [name for name in ("number", "title") if name in lifecycle.record.model_fields]
    row = None
    if names and kind_of(event.stream) == lifecycle.kind:
        query = f"select {', '.join(names)} from {lifecycle.table} where id = %s"
        row = await ledger.db.row(query, (id_of(event.stream),))
    zh = next((action.zh for action in lifecycle.rows if event.type in action.events), event.type)
    words = event.type.replace(".", " ").replace("_", " ")
    columns = row or {}
    return MessageSubject(
        number=columns.get("number"),
        title=columns.get("title"),
        label_en=words[:1].upper() + words[1:],
        label_zh=f"{lifecycle.zh}{zh}",
    )
