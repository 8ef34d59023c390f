"""The API's list of a record's events, reduced to what the caller may see."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.cursors import read as read_cursor
from app.api.listings.cursors import write as write_cursor
from app.api.listings.list_queries import AsOfParameter, NewestFirst
from app.api.records.shapes import OutputModel, Renderer
from app.common.personal import is_encrypted
from app.common.records import ChildRecord, ForeignRef, Record, empty, evolve
from app.common.times import clocks
from app.common.times.clocks import ClockData
from app.kernel.access.naming_fields import naming_fields_of_kind
from app.kernel.access.redaction import Viewer, records_of, viewers
from app.kernel.actions.describe import hidden_names
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.kernel.histories.feed import SeenEvent, is_for_staff, without_named
from app.kernel.ledger import Ledger
from app.log import read
from app.log.canonical import instant
from app.log.events import Recorded, id_of, kind_of

LARGEST_PAGE = 200
PAGE = 100
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Prefixes of actors who are persons, or accounts of machines.
ACCOUNTS = ("person", "integration")


class EventOut(OutputModel):
    """An event of a record: something that happened to it."""

    position: int = Field(description="Place of the event in the whole log, from 1, without gaps.")
    id: UUID = Field(description="Identifier of the event: a UUID that never changes.")
    stream: str = Field(
        description="Stream of the event: the record, or a service level clock of the record, in the "
        "form `<kind>/<id>`."
    )
    version: int = Field(description="Place of the event in its stream, from 1.")
    type: str = Field(description="Type of the event: `<kind>.<past tense>`.")
    schema_version: int = Field(description="Version of the schema of `given` and `set`, from 1.")
    occurred_at: datetime = Field(description="Time at which it happened in the world.")
    recorded_at: datetime = Field(description="Time at which the log recorded the event.")
    actor: str = Field(
        description="Author of the event: `person:<id>`, `integration:<id>`, `rule:<name>` or "
        "`import:<source>`."
    )
    on_behalf_of: str | None = Field(
        description="Person on whose behalf the author acted, in the form `person:<id>`; null if the "
        "author acted for themselves."
    )
    correlation_id: str = Field(description="Identifier of the request that led to the event.")
    causation_id: UUID | None = Field(
        description="Identifier of the event that led to this one; null if a request did."
    )
    source: str = Field(description="Channel or tool through which the event arrived.")
    source_ref: str | None = Field(
        description="Identifier of the event in its source system; null if it has none."
    )
    given: dict[str, Any] = Field(description="Payload of the action; erased texts are null.")
    set: dict[str, Any] = Field(
        description="Fields that the event set, by row; null for a row that was removed."
    )
    observed: bool = Field(
        description="True if another system reported the event, so that no rules of the lifecycle were "
        "checked."
    )
    irregular: list[str] = Field(
        description="Codes of everything in the event that does not fit the lifecycle."
    )
    clock: ClockData | None = Field(
        description="State of the clock, in an event of a service level clock; null for an event of the "
        "record."
    )


class EventPage(OutputModel):
    """Events of a record and of its service level clocks, in the order in which they were recorded, or in the
    reverse order.
    """

    items: list[EventOut]
    names: dict[str, str | None] = Field(
        description="Names, by id, of the persons and teams in these events: as authors, or in `given` and "
        "`set`. "
        "Null for erased persons."
    )
    next_cursor: str | None


class EventPaging(BaseModel):
    """The page of a record's events, their order, and the time as of which they are shown."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of events on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )
    newest_first: NewestFirst = False
    as_of: AsOfParameter = None


async def page(renderer: Renderer, record: Record, paging: EventPaging) -> dict[str, Any]:
    """Return one page of the record's events, as the renderer's caller may see them. Raises BadCursor."""
    ledger, stream = renderer.ledger, record.row_key
    sign = ledger.vault.fingerprint
    (viewer,) = await viewers(ledger.db, renderer.lifecycle, renderer.caller, [record])
    for_staff = viewer is Viewer.staff
    scope = stream if paging.as_of is None else f"{stream} as of {paging.as_of}"
    if paging.newest_first:
        scope = f"{scope} newest first"
    version, position = (None, None) if paging.cursor is None else read_cursor(paging.cursor, scope, sign)
    bounds: dict[str, Any] = {"as_of": paging.as_of, "limit": paging.limit + 1, "for_staff": for_staff}
    own = (
        await read.newest_stream_events(ledger.db, stream, before_version=version, **bounds)
        if paging.newest_first
        else await read.stream_events(ledger.db, stream, after_version=version or 0, **bounds)
    )
    of_clocks = await read.events_about(
        ledger.db, stream, after_position=position, newest_first=paging.newest_first, **bounds
    )
    events = sorted([*own, *of_clocks], key=lambda event: event.position, reverse=paging.newest_first)
    page_events = events[: paging.limit]
    cursor = None
    if len(events) > paging.limit:
        version = next((event.version for event in reversed(page_events) if event.stream == stream), version)
        cursor = write_cursor([version, page_events[-1].position], scope, sign)
    seen_events = [SeenEvent(event, renderer.lifecycle, viewer) for event in page_events]
    visible = [each for each in seen_events if for_staff or not is_for_staff(each)]
    items, names = await render(ledger, await without_named(ledger, renderer.caller, visible))
    return {"items": items, "names": names, "next_cursor": cursor}


async def render(
    ledger: Ledger, seen_events: Sequence[SeenEvent]
) -> tuple[list[dict[str, Any]], dict[str, str | None]]:
    """Return the events as clients see them, and the names of the persons and teams in them, by their ids."""
    items = await _items(ledger, seen_events)
    ids = (_ids_in(event.lifecycle, item) for event, item in zip(seen_events, items, strict=True))
    return items, await _names(ledger, set().union(*ids))


async def render_each(
    ledger: Ledger, seen_events: Sequence[SeenEvent], *, for_receivers: bool = False
) -> list[dict[str, Any]]:
    """Return each event as clients see it, with the names in it. A few statements, however many there are.
    `for_receivers`: without the folded parts of comments, which are not sent on.
    """
    items = await _items(ledger, seen_events)
    if for_receivers:
        for item in items:
            for fields in (item["given"], *item["set"].values()):
                if fields is not None:
                    fields.pop("folded", None)
    ids_of = [_ids_in(event.lifecycle, item) for event, item in zip(seen_events, items, strict=True)]
    names = await _names(ledger, set().union(*ids_of))
    return [
        {"event": item, "names": {key: names[key] for _, name in sorted(ids) if (key := str(name)) in names}}
        for item, ids in zip(items, ids_of, strict=True)
    ]


async def _items(ledger: Ledger, seen_events: Sequence[SeenEvent]) -> list[dict[str, Any]]:
    texts = await ledger.vault.texts(
        encrypted for event in seen_events for encrypted in _ciphertexts(event.event.data)
    )
    return [_shown(event, texts) for event in seen_events]


def _shown(seen_event: SeenEvent, texts: dict[str, str | None]) -> dict[str, Any]:
    """Return the event without what its viewer may not see."""
    event, for_staff = seen_event.event, seen_event.viewer is Viewer.staff
    hidden = hidden_names(seen_event.lifecycle, seen_event.viewer)
    # Fields that another system's record held besides are only for staff.
    payload = event.data["given"] if for_staff or not event.data.get("observed") else {}
    visible = _without_hidden(hidden, _with_texts(payload, texts))
    changes = event.data["set"] if for_staff else _public_changes(seen_event.lifecycle, event)
    rows = {key: _without_hidden(hidden, row) for key, row in _with_texts(changes, texts).items()}
    if not seen_event.sees_named:
        names = naming_fields_of_kind(seen_event.lifecycle)
        visible, rows = without_fields(names, visible), without_fields(names, rows)
    return _event_out(event, visible, rows)


def _ids_in(lifecycle: Lifecycle[Any], item: dict[str, Any]) -> set[tuple[str, UUID]]:
    """Return the persons and teams that the event of that lifecycle refers to, each as (kind, id)."""
    fields = _reference_fields(lifecycle)
    ids = {(kind, UUID(name)) for kind, name in _named_ids(fields, [item["given"], *item["set"].values()])}
    for actor in (item["actor"], item["on_behalf_of"] or ""):
        account, _, name = actor.partition(":")
        if account in ACCOUNTS:
            ids.add(("person", UUID(name)))
    if item["clock"] is not None and item["clock"]["party"] is not None:
        ids.add(("team", UUID(item["clock"]["party"])))
    return ids


async def _names(ledger: Ledger, ids: Collection[tuple[str, UUID]]) -> dict[str, str | None]:
    """Return the names of these persons and teams, by their ids."""
    team_ids = {name for kind, name in ids if kind == "team"}
    encrypted = await ledger.directory.names(name for kind, name in ids if kind == "person")
    texts = await ledger.vault.texts(encrypted.values())
    teams = await ledger.directory.teams(team_ids) if team_ids else {}
    persons = {str(person): texts[name] for person, name in encrypted.items()}
    return persons | {str(team): teams[team].name for team in team_ids if team in teams}


@cache
def _reference_fields(lifecycle: Lifecycle[Any]) -> dict[str, str]:
    """Return the fields of the lifecycle's payloads and records that refer to persons or teams, each with
    that kind.
    """
    bodies: list[type[BaseModel]] = [row.body for row in lifecycle.rows]
    for body in bodies:
        bodies += part_types(body).values()
    marked = [item for body in bodies for item in marks(body, ForeignRef).items()]
    for record in records_of(lifecycle):
        marked += marks(record, ForeignRef).items()
    return {name: mark.kind for name, mark in marked if mark.kind in ("person", "team")}


def _named_ids(fields: dict[str, str], values: Any) -> Iterator[tuple[str, str]]:
    """Yield the ids in such fields, each as (kind, id)."""
    if isinstance(values, list):
        for value_id in values:
            yield from _named_ids(fields, value_id)
    elif isinstance(values, dict):
        for name, value in values.items():
            if name not in fields:
                yield from _named_ids(fields, value)
            else:
                for value_id in value if isinstance(value, list) else [value]:
                    if isinstance(value_id, str) and ID.fullmatch(value_id):
                        yield fields[name], value_id


def _public_changes(lifecycle: Lifecycle[Any], event: Recorded) -> dict[str, Any]:
    """Return the event's changes without child rows that only staff may see."""
    classes = {record.KIND: record for record in records_of(lifecycle) if issubclass(record, ChildRecord)}

    def is_staff_row(key: str, fields: dict[str, Any] | None) -> bool:
        row = classes.get(kind_of(key))
        if row is None or fields is None:
            return False
        return evolve(empty(row, id_of(key)), event.version, event.occurred_at, fields).for_staff

    return {key: fields for key, fields in event.data["set"].items() if not is_staff_row(key, fields)}


def _without_hidden(hidden: set[str], fields: Any) -> Any:
    """Return the fields without the hidden ones; None if the row was removed."""
    if fields is None:
        return None
    return {name: value for name, value in fields.items() if name not in hidden}


def without_fields(names: Collection[str], value: Any) -> Any:
    """Return the data without the fields of these names, in its parts as well."""
    if isinstance(value, dict):
        return {key: without_fields(names, item) for key, item in value.items() if key not in names}
    return [without_fields(names, item) for item in value] if isinstance(value, list) else value


def _event_out(event: Recorded, payload: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": event.position,
        "id": event.id,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "schema_version": event.schema_version,
        "occurred_at": instant(event.occurred_at),
        "recorded_at": instant(event.recorded_at),
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "source": event.source,
        "source_ref": event.source_ref,
        "given": payload,
        "set": changes,
        "observed": bool(event.data.get("observed")),
        "irregular": event.data.get("irregular", []),
        "clock": _clock(event),
    }


def _clock(event: Recorded) -> dict[str, Any] | None:
    """Return the clock's values in one of its events, with null for missing values."""
    clock = event.data.get(clocks.KIND)
    if clock is None:
        return None
    return {name: clock.get(name, member.default) for name, member in ClockData.model_fields.items()}


def _ciphertexts(value: Any) -> list[str]:
    """Return all ciphertexts in JSON data."""
    if isinstance(value, str):
        return [value] if is_encrypted(value) else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [encrypted for part in parts for encrypted in _ciphertexts(part)]


def _with_texts(value: Any, texts: dict[str, str | None]) -> Any:
    """Return the data with ciphertexts replaced by their texts, null if they were erased."""
    if isinstance(value, dict):
        return {key: _with_texts(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item, texts) for item in value]
    return texts[value] if isinstance(value, str) and value in texts else value
