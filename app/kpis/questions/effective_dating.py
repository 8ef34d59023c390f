"""Values set for periods of time (targets and budgets of KPIs): of several for the same time, the last set
holds.

A record belongs to one KPI. Each of its events is a layer over all earlier layers of that KPI, whichever
record they come from. Withdrawing a record removes all of its layers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from psycopg.rows import tuple_row
from pydantic import Field

from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Instant, Payload
from app.kernel.actions.refusals import WrongValue
from app.log.canonical import from_instant
from app.platform.db import Connection

T = TypeVar("T")
#: The fields of a record after an event, in the form of event data.
Fields = Mapping[str, str | None]

ValidFrom = Annotated[
    Instant | None,
    Field(
        description="Time from which the value applies; if left out, now. Earlier periods keep their values."
    ),
]
ValidUntil = Annotated[
    Instant | None,
    Field(
        description="Time up to which the value applies, exclusive; null if it has no end and replaces "
        "later values that were set before."
    ),
]

SELECT_LAYERS = """
select told.stream, told.type, told.data->'set'->told.stream, record.kpi
from fold.{kind} record join log.told on told.stream = '{kind}/' || record.id
where record.kpi = any(%(keys)s) and told.position <= coalesce(%(position)s, told.position)
order by told.position"""


@dataclass(frozen=True, slots=True)
class Layer(Generic[T]):
    """A value set for the time from `begin` to `end` (None: without end). If the value is None, there is no
    target or budget in that time.
    """

    value: T | None
    begin: datetime
    end: datetime | None


def both_or_neither(body: Payload, name: str, other: str) -> None:
    """Raise WrongValue at the missing field if the payload has only one of the fields `name` and `other`."""
    for provided, missing in ((name, other), (other, name)):
        if getattr(body, provided) is not None and getattr(body, missing) is None:
            raise WrongValue(pointer=f"/{missing}", because="missing")


def ends_after_it_begins(begin: datetime | None, end: datetime | None, ctx: ActionContext) -> None:
    """Raise WrongValue unless `end` is after `begin`, which defaults to the time of the action."""
    if end is not None and end <= (begin or ctx.occurred_at):
        raise WrongValue(pointer="/valid_until_at", because="not_after_its_beginning")


async def load_layers(
    connection: Connection,
    kind: str,
    keys: Collection[str],
    read: Callable[[Fields], T | None],
    position: int | None = None,
) -> dict[str, list[Layer[T]]]:
    """Return, by KPI, the layers set by records of the kind, in the order of the log; `read` makes the
    values.

    Reads up to that position of the log; None: to its end.
    """
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(
            SELECT_LAYERS.format(kind=kind).encode(), {"keys": list(keys), "position": position}
        )
        rows = await cursor.fetchall()
    fields_by_stream: dict[str, dict[str, str | None]] = defaultdict(dict)
    told_layers: list[tuple[str, str, Layer[T]]] = []
    for stream, type_, fields, kpi in rows:
        if type_ == f"{kind}.withdrawn":
            told_layers = [stream_layer for stream_layer in told_layers if stream_layer[0] != stream]
        else:
            fields_by_stream[stream] |= fields or {}
            told_layers.append((stream, kpi, _layer(fields_by_stream[stream], read)))
    layers_by_key: dict[str, list[Layer[T]]] = defaultdict(list)
    for _, kpi, layer in told_layers:
        layers_by_key[kpi].append(layer)
    return layers_by_key


def _layer(fields: Fields, read: Callable[[Fields], T | None]) -> Layer[T]:
    begin, end = fields["valid_from_at"], fields.get("valid_until_at")
    assert begin is not None
    return Layer(read(fields), from_instant(begin), None if end is None else from_instant(end))


def layer_at(layers: Sequence[Layer[T]], instant: datetime) -> Layer[T] | None:
    """Return the layer set last for the instant, or None."""
    for layer in reversed(layers):
        if layer.begin <= instant and (layer.end is None or instant < layer.end):
            return layer
    return None


def changes(layers: Sequence[Layer[T]]) -> list[tuple[datetime, T | None]]:
    """Return the instants at which the value in force changes, each with the value from then on.

    Before the first instant there is no value.
    """
    instants = {edge for layer in layers for edge in (layer.begin, layer.end) if edge is not None}
    dated_layers = ((instant, layer_at(layers, instant)) for instant in sorted(instants))
    return [(instant, None if layer is None else layer.value) for instant, layer in dated_layers]
