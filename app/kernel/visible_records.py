"""Which records callers see, and with which roles they act on them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.common.people import Caller
from app.kernel.access.reads import sharing_names
from app.kernel.access.visibility import can_see, is_mere_onlooker
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound, SharedNumber
from app.kernel.ledger import Ledger


def is_visible(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: list[str]) -> bool:
    """Return whether the record with that audience is visible to the caller."""
    return can_see(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)


async def not_found(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, name: str) -> NotFound:
    """Return the refusal of a name without a record. For a number of several tools it names the tools, if the
    caller may see the records.
    """
    visible_names = [
        str(row["name"])
        for row in await sharing_names(ledger.db, lifecycle.kind, name)
        if is_visible(ledger, lifecycle, caller, row["audience"])
    ]
    if len(visible_names) < 2:
        return NotFound()
    return SharedNumber(words={"names": ", ".join(visible_names)})


def acting_caller(
    ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: Collection[str]
) -> Caller:
    """Return the caller for permissions on the record with that audience: themselves, or, for an onlooker,
    one without roles and teams, which actions name as `onlooker`. Every check of who may act on a record
    calls this first.
    """
    looks_on = is_mere_onlooker(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)
    return caller.looking_on() if looks_on else caller
