"""The events of a record, as the caller may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.cursors import read as read_cursor
from app.api.cursors import write as write_cursor
from app.api.lists import AsOfParameter
from app.api.shapes import Out, Renderer
from app.common.personal import is_sealed
from app.common.records import Hidden, Record, StaffOnly, codecs
from app.kernel.bodies import marks
from app.kernel.lifecycle import Lifecycle
from app.log import read
from app.log.canonical import instant
from app.log.events import Recorded

LARGEST_PAGE = 200
PAGE = 100


class EventOut(Out):
    """Something that happened to a record."""

    position: int = Field(description="Its place in the whole log, from 1, without gaps.")
    id: UUID
    stream: str = Field(description="The record: `<kind>/<id>`.")
    version: int = Field(description="Its place among the record's events, from 1.")
    type: str = Field(description="What happened: `<kind>.<past tense>`.")
    schema_version: int
    occurred_at: datetime = Field(description="When it happened in the world.")
    recorded_at: datetime = Field(description="When the log took it.")
    actor: str = Field(description="`person:<id>`, `integration:<id>`, `rule:<name>` or `import:<source>`.")
    on_behalf_of: str | None
    correlation_id: str = Field(description="The request that led to it.")
    causation_id: UUID | None = Field(description="The event that led to it.")
    source: str = Field(description="The channel or tool that it came by.")
    source_ref: str | None = Field(description="The source's own name for it.")
    given: dict[str, Any] = Field(description="What was said. Erased words are null.")
    set: dict[str, Any] = Field(description="By row, the fields that it set; null: the row was removed.")
    observed: bool = Field(description="Whether another system told it, so that no rule was checked.")
    irregular: list[str] = Field(description="What of it does not fit the lifecycle.")


class EventPage(Out):
    """Events of a record in the order of their versions."""

    items: list[EventOut]
    next_cursor: str | None


class EventPaging(BaseModel):
    """Which events of a record."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Events on a page.")] = PAGE
    cursor: Annotated[str | None, Field(max_length=1000, description="`next_cursor` of the page before.")] = (
        None
    )
    as_of: AsOfParameter = None


async def page(renderer: Renderer, record: Record, paging: EventPaging) -> dict[str, Any]:
    """One page of the record's events, as the renderer's caller may see them. Raises BadCursor."""
    ledger, stream = renderer.ledger, record.row_key
    sign, for_staff = ledger.vault.fingerprint, renderer.caller.is_staff_for(record)
    scope = stream if paging.as_of is None else f"{stream} as of {paging.as_of}"
    after = 0 if paging.cursor is None else read_cursor(paging.cursor, scope, sign)[0]
    events = await read.of_stream(
        ledger.db,
        stream,
        after_version=after,
        as_of=paging.as_of,
        limit=paging.limit + 1,
        for_staff=for_staff,
    )
    shown = events[: paging.limit]
    cursor = write_cursor([shown[-1].version], scope, sign) if len(events) > paging.limit else None
    texts = await ledger.vault.texts(sealed for event in shown for sealed in _sealed(event.data))
    hidden = _hidden(renderer.lifecycle, for_staff=for_staff)
    items = []
    for event in shown:
        # What another system's row held besides is that system's affair, and its staff's.
        given = event.data["given"] if for_staff or not event.data.get("observed") else {}
        said = _without(hidden, _opened(given, texts))
        rows = {key: _without(hidden, row) for key, row in _opened(event.data["set"], texts).items()}
        items.append(_out(event, said, rows))
    return {"items": items, "next_cursor": cursor}


def _hidden(lifecycle: Lifecycle[Any], *, for_staff: bool) -> set[str]:
    """The fields that no client is shown, or none but staff, by their names in bodies and in rows."""
    hiding = (Hidden,) if for_staff else (Hidden, StaffOnly)
    of_bodies = [name for row in lifecycle.rows for mark in hiding for name in marks(row.body, mark)]
    records: list[type[Record]] = [lifecycle.record, *lifecycle.children]
    of_rows = [
        name
        for record in records
        for name, codec in codecs(record).items()
        if codec.hidden or (codec.staff_only and not for_staff)
    ]
    return {*of_bodies, *of_rows}


def _without(hidden: set[str], fields: Any) -> Any:
    """The fields but for those; a row that was removed has none."""
    if fields is None:
        return None
    return {name: value for name, value in fields.items() if name not in hidden}


def _out(event: Recorded, given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
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
        "given": given,
        "set": changes,
        "observed": bool(event.data.get("observed")),
        "irregular": event.data.get("irregular", []),
    }


def _sealed(value: Any) -> list[str]:
    """All ciphertexts in JSON data."""
    if isinstance(value, str):
        return [value] if is_sealed(value) else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [sealed for part in parts for sealed in _sealed(part)]


def _opened(value: Any, texts: dict[str, str | None]) -> Any:
    """The same data with its texts readable, null where they were erased."""
    if isinstance(value, dict):
        return {key: _opened(item, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_opened(item, texts) for item in value]
    return texts[value] if isinstance(value, str) and value in texts else value
