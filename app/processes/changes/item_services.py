"""The services that an item of a change serves, or has served until lately.

The electorate, the risk of a change, and the coverage of a template follow from the services of its items.
Moving an item to another service and back must not change any of them, so a service counts for thirty days
after the item has stopped serving it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.foundation.cis.records import Ci
from app.foundation.decisions.lookups import acts_on
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext

#: Time during which a service still counts after the item has stopped serving the service.
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ItemServices:
    """The keys of the services of each item that the payload names, now or lately, by the item's stream."""

    by_item: Mapping[str, tuple[str, ...]]


async def item_services(reads: ReadContext, change: object, body: object, ctx: ActionContext) -> ItemServices:
    """Find the services of the items that the payload names."""
    items = ctx.refs(Ci, "cis")
    return ItemServices(await services_lately(reads, [ci.row_key for ci in items], ctx.now))


async def services_lately(
    reads: ReadContext, items: Sequence[str], now: datetime
) -> dict[str, tuple[str, ...]]:
    """Return the services of the items, by stream: those of now, and those until lately."""
    services: dict[str, list[str]] = {item: [] for item in items}
    for act in await acts_on(reads, items):
        values = act.rows_set.get(act.stream) or {}
        if "services" not in values:
            continue
        if act.recorded_at < now - LATELY:
            services[act.stream].clear()
        services[act.stream] += values["services"] or ()
    return {item: tuple(dict.fromkeys(keys)) for item, keys in services.items()}
