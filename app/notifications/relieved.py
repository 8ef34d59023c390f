"""Persons from whom an event takes a post that they held: somebody else has it now, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

import orjson

from app.common.notices import NoticeType
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES
from app.log.events import Recorded, kind_of
from app.notifications.steps import PendingNotice
from app.platform.db import Connection, fetch_rows

#: Fields of daily work, which colleagues give each other, and of what follows from other fields.
NO_POSTS = frozenset({"assignee_id", "talker_id"})
#: By kind of record or child record, the fields that name the holders of posts.
POSTS: Mapping[str, tuple[str, ...]] = {
    **{
        kind: tuple(name for name in duties.fields if name not in NO_POSTS)
        for kind, duties in KIND_DUTIES.items()
    },
    **{kind: (duty.field,) for kind, duty in ROW_DUTIES.items() if duty.field not in NO_POSTS},
    "sla": ("representative_id", "party_representative_id"),
}
#: Kinds of records on whose streams posts are given.
KINDS = frozenset(KIND_DUTIES) | {"sla"}
# The newest earlier event that set the field names its holder until then.
HELD_BEFORE = """
select t.place, (
    select e.data->'set'->t.key->>t.field from log.told e
    where e.stream = t.stream and e.version < t.version and e.data->'set'->t.key ? t.field
    order by e.version desc limit 1
  ) as person_id
from jsonb_to_recordset(%s::jsonb) as t(place integer, stream text, version integer, key text, field text)
order by t.place"""


def post_changes(event: Recorded) -> Iterator[tuple[str, str]]:
    """Yield the streams' rows and fields of posts that the event sets on a record that existed before."""
    if event.version == 1 or event.is_past or kind_of(event.stream) not in KINDS:
        return
    for key, fields in event.data["set"].items():
        for name in POSTS.get(kind_of(key), ()) if fields else ():
            if name in fields:
                yield key, name


async def relieved_persons(connection: Connection, events: Iterable[Recorded]) -> list[PendingNotice]:
    """Return a notice for each person who held a post that one of the events gave to another, or to nobody."""
    changes = [(event, key, name) for event in events for key, name in post_changes(event)]
    if not changes:
        return []
    asked = [
        {"place": n, "stream": event.stream, "version": event.version, "key": key, "field": name}
        for n, (event, key, name) in enumerate(changes)
    ]
    rows: Sequence[Mapping[str, str | None]] = await fetch_rows(
        connection, HELD_BEFORE, (orjson.dumps(asked).decode(),)
    )
    return [
        PendingNotice(event, NoticeType.relieved, UUID(before))
        for (event, key, name), row in zip(changes, rows, strict=True)
        if (before := row["person_id"]) is not None and before != event.data["set"][key][name]
    ]
