"""The target in force at an instant: the one set last for it, or else the one in the process documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.kpis.declaration.kpi import Comparator, Kpi, TargetValue
from app.kpis.questions import effective_dating
from app.kpis.questions.effective_dating import Fields, Layer
from app.platform.db import Connection

#: By KPI, the layers of its target, in the order in which they were set.
Targets = Mapping[str, Sequence[Layer[TargetValue]]]


async def targets(connection: Connection, keys: Collection[str], position: int | None = None) -> Targets:
    """Return the layers of the targets of these KPIs, up to that position of the log; None: to its end."""
    return await effective_dating.load_layers(connection, "kpi_target", keys, _target, position)


def _target(fields: Fields) -> TargetValue | None:
    comparator, value = fields.get("comparator"), fields.get("value")
    if comparator is None or value is None:
        return None
    return TargetValue(Comparator(comparator), float(value) if "." in value else int(value))


def effective_target(
    kpi: Kpi, target_layers: Sequence[Layer[TargetValue]], instant: datetime
) -> TargetValue | None:
    """Return the target in force just before the instant."""
    layer = effective_dating.layer_at(target_layers, instant - datetime.resolution)
    return kpi.target if layer is None else layer.value
