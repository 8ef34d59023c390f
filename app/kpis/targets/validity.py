"""Which target holds when: what was said later of a time counts, over what the process documents fix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import tuple_row

from app.db import Connection
from app.kpis.kpi import Comparator, Kpi, Target
from app.log.canonical import from_instant

SAID = """
select told.stream, told.type, told.data->'set'->told.stream, target.kpi
from fold.kpi_target target join log.told on told.stream = 'kpi_target/' || target.id
where target.kpi = any(%(keys)s) and told.position <= coalesce(%(position)s, told.position)
order by told.position"""


@dataclass(frozen=True, slots=True)
class Layer:
    """What was said of the time from `begin` up to `end` (null: for ever); `target` null: there is none."""

    target: Target | None
    begin: datetime
    end: datetime | None


#: By KPI, what was said of its target, the last last.
Layers = Mapping[str, Sequence[Layer]]


async def layers(connection: Connection, keys: Collection[str], position: int | None = None) -> Layers:
    """What was said of the targets of these KPIs, up to that position of the log; None: to its end."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(SAID.encode(), {"keys": list(keys), "position": position})
        rows = await cursor.fetchall()
    known: dict[str, dict[str, str | None]] = defaultdict(dict)
    said: list[tuple[str, str, Layer]] = []
    for stream, type_, fields, kpi in rows:
        if type_ == "kpi_target.withdrawn":
            said = [one for one in said if one[0] != stream]
        else:
            known[stream] |= fields or {}
            said.append((stream, kpi, _layer(known[stream])))
    found: dict[str, list[Layer]] = defaultdict(list)
    for _, kpi, layer in said:
        found[kpi].append(layer)
    return found


def _layer(fields: Mapping[str, str | None]) -> Layer:
    comparator, value, begin = fields.get("comparator"), fields.get("value"), fields["valid_from_at"]
    end = fields.get("valid_until_at")
    assert begin is not None
    target = None
    if comparator is not None and value is not None:
        target = Target(Comparator(comparator), float(value) if "." in value else int(value))
    return Layer(target, from_instant(begin), None if end is None else from_instant(end))


def holding(kpi: Kpi, said: Sequence[Layer], instant: datetime) -> Target | None:
    """The target that holds just before the instant."""
    for layer in reversed(said):
        if layer.begin < instant and (layer.end is None or instant <= layer.end):
            return layer.target
    return kpi.target
