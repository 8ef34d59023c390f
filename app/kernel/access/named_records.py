"""Records that other records name: only callers who may see the named record are shown its name.

A corrective action names the finding that it comes from, and is for all staff; the finding is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from app.common.people import Caller
from app.common.records import Record, all_codecs
from app.kernel.access.kinds import RecordKind
from app.kernel.access.visibility import can_see
from app.log.events import kind_of

if TYPE_CHECKING:
    from app.kernel.ledger import Ledger

AUDIENCES = "select stream, audience from log.stream_head where stream = any(%s)"


@cache
def naming_fields(record: type[Record]) -> dict[str, str]:
    """Return the fields that name another record, each with the field that holds the name of its stream."""
    marked = {name: codec.names_record for name, codec in all_codecs(record).items()}
    return {name: mark.by or name for name, mark in marked.items() if mark is not None}


def naming_fields_of_kind(lifecycle: RecordKind[Any]) -> frozenset[str]:
    """Return the fields that name other records, in the kind's records, child records and payloads."""
    return _names_in((lifecycle.record, *lifecycle.children))


@cache
def _names_in(records: tuple[type[Record], ...]) -> frozenset[str]:
    return frozenset(name for record in records for name in naming_fields(record))


def named_in(lifecycle: RecordKind[Any], changes: Mapping[str, Any]) -> set[str]:
    """Return the streams of the records that an event's changes name, in such fields."""
    fields = naming_fields_of_kind(lifecycle)
    if not fields:
        return set()
    values = (value for row in changes.values() if row for name, value in row.items() if name in fields)
    return {value for value in values if isinstance(value, str) and "/" in value}


async def visible_streams(ledger: Ledger, caller: Caller, streams: Collection[str]) -> set[str]:
    """Return those of the records that the caller may see now. Runs a statement if there are any."""
    audiences = await audiences_of(ledger, streams)
    return {
        stream
        for stream, audience in audiences.items()
        if is_stream_visible(ledger, caller, stream, audience)
    }


async def audiences_of(ledger: Ledger, streams: Collection[str]) -> dict[str, list[str]]:
    """Return the audiences of the records by the names of their streams."""
    rows = await ledger.db.rows(AUDIENCES, (list(streams),)) if streams else ()
    return {row["stream"]: row["audience"] or [] for row in rows}


def is_stream_visible(ledger: Ledger, caller: Caller, stream: str, audience: list[str]) -> bool:
    """Return whether the caller may see the record with that stream and audience."""
    lifecycle = ledger.lifecycles.get(kind_of(stream))
    agents_see = ledger.settings.agents_see
    return lifecycle is not None and can_see(caller, lifecycle, audience, agents_see=agents_see)
