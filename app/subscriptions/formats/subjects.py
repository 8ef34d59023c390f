"""Records of events, as messages show them: a summary as of the event, and what happened, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from app.api.pages.page_paths import record_page
from app.kernel.access.redaction import Viewer
from app.kernel.actions.describe import hidden_names
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.histories.feed import SeenEvent
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import id_of, kind_of
from app.subscriptions.formats.message import MessageSubject

#: Fields of a summary; null if the record lacks the field, or the account may not see it.
SUMMARY: Final = ("number", "title", "state", "priority", "service")


async def add_records(
    ledger: Ledger, events: Sequence[SeenEvent], contents: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the contents, each with the summary of its event's record as of the event. Raises
    DatabaseGone.
    """
    by_kind: dict[str, set[UUID]] = defaultdict(set)
    for seen_event in events:
        if kind_of(seen_event.event.stream) == seen_event.lifecycle.kind:
            by_kind[seen_event.lifecycle.kind].add(id_of(seen_event.event.stream))
    rows: dict[str, Mapping[str, Any]] = {}
    for kind, ids in by_kind.items():
        lifecycle = ledger.lifecycles[kind]
        query = f"select id, version{_columns(lifecycle)} from {lifecycle.table} where id = any(%s)"
        rows |= {f"{kind}/{row['id']}": row for row in await ledger.db.rows(query, (list(ids),))}
    return [
        content | {"record": await _summary(ledger, seen_event, rows)}
        for seen_event, content in zip(events, contents, strict=True)
    ]


def _columns(lifecycle: Lifecycle[Any]) -> str:
    return "".join(f", {name}" for name in SUMMARY if name in lifecycle.record.model_fields)


async def _summary(
    ledger: Ledger, seen_event: SeenEvent, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return the summary of the event's record; None: the event is of no record that has one."""
    event, lifecycle = seen_event.event, seen_event.lifecycle
    row = rows.get(event.stream)
    if row is None:
        return None
    fields = {name: row.get(name) for name in SUMMARY}
    if row["version"] > event.version:
        fields = dict.fromkeys(SUMMARY)
        for earlier in await read.stream_events(ledger.db, event.stream, up_to_version=event.version):
            changed = earlier.data["set"].get(event.stream) or {}
            fields |= {name: changed[name] for name in SUMMARY if name in changed}
    hidden = hidden_names(lifecycle, seen_event.viewer)
    number = fields["number"]
    name = number if lifecycle.code is not None and number else str(id_of(event.stream))
    for_staff = seen_event.viewer is Viewer.staff
    return {
        "kind": lifecycle.kind,
        **{field: None if field in hidden else value for field, value in fields.items()},
        "url": record_page(ledger.settings.public_url, lifecycle.kind, name, for_staff=for_staff),
    }


def subject_of(seen_event: SeenEvent, content: Mapping[str, Any]) -> MessageSubject:
    """Return the number, title and address of the event's record, and what happened."""
    event, lifecycle = seen_event.event, seen_event.lifecycle
    zh = next((action.zh for action in lifecycle.rows if event.type in action.events), event.type)
    words = event.type.replace(".", " ").replace("_", " ")
    record = content["record"] or {}
    return MessageSubject(
        number=record.get("number"),
        title=record.get("title"),
        label_en=words[:1].upper() + words[1:],
        label_zh=f"{lifecycle.zh}{zh}",
        url=record.get("url"),
    )
