"""The criticality of services, of now and of lately: it determines the risk of a change, and so who decides.

Nobody chooses the voters by lowering the criticality of a service before a change is assessed, or by retiring
the service. Each criticality counts that the service has had since thirty days before the matter was drafted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.priorities.risk_level import RiskLevel
from app.foundation.decisions.lookups import acts_on
from app.foundation.services.records import Criticality, ServiceState
from app.kernel.access.reads import ReadContext, Unguarded
from app.processes.changes.item_services import LATELY, services_lately
from app.processes.changes.planning.lookups import KNOWN_SERVICES, SERVICE_STREAMS, SERVICES_OF_ITEMS

IMPORTANT = frozenset({Criticality.critical.value, Criticality.high.value})
_AS_OF_NOW = Unguarded("Services count as they are recorded when the change is judged.")


def at_least_medium(level: RiskLevel | None, is_important: bool) -> RiskLevel | None:
    """Return the level, not below medium if the services that are touched are important or unknown."""
    return RiskLevel.medium if level is RiskLevel.low and is_important else level


async def criticalities(
    reads: ReadContext, services: Collection[str], begun_at: datetime | None, now: datetime
) -> frozenset[str]:
    """Return the codes of each criticality that the services have now, or had since shortly before the matter
    began; without those of services that were retired all the time.
    """
    since = min(begun_at or now, now) - LATELY
    rows = await reads.rows(SERVICE_STREAMS, (list(services),), guard=_AS_OF_NOW)
    standing: dict[str, dict[str, Any]] = {}
    codes: dict[str, set[str]] = {}
    for act in await acts_on(reads, [row["stream"] for row in rows]):
        fields = standing.setdefault(act.stream, {})
        fields.update(act.rows_set.get(act.stream) or {})
        held = codes.setdefault(act.stream, set())
        if act.recorded_at < since:
            held.clear()
        if fields.get("state") != ServiceState.retired and fields.get("criticality"):
            held.add(fields["criticality"])
    return frozenset(code for held in codes.values() for code in held)


async def are_unknown(reads: ReadContext, services: Collection[str]) -> bool:
    """Return whether one of the services is not recorded, or only proposed: nobody answers for its
    criticality yet.
    """
    rows = await reads.rows(KNOWN_SERVICES, (list(services),), guard=_AS_OF_NOW)
    return bool(set(services) - {row["key"] for row in rows})


async def serves_important_services(
    reads: ReadContext,
    services: Collection[str],
    ci_ids: Sequence[str],
    ci_classes: Sequence[str],
    times: tuple[datetime | None, datetime],
) -> bool:
    """Return whether one of these services, or of those of the items and classes of items, is critical or of
    high criticality, or was lately. `times` are the beginning of the matter, and now.
    """
    items = [UUID(ci_id) for ci_id in ci_ids]
    rows = await reads.rows(SERVICES_OF_ITEMS, (items, list(ci_classes)), guard=_AS_OF_NOW)
    lately = await services_lately(reads, [f"ci/{ci_id}" for ci_id in ci_ids], times[1])
    keys = {*services, *(row["service"] for row in rows), *(key for part in lately.values() for key in part)}
    return bool(await criticalities(reads, keys, *times) & IMPORTANT)
