"""Checks that refuse actions on discoveries."""

from __future__ import annotations

from datetime import timedelta

from app.foundation.discoveries.payloads import RecordDiscovery
from app.foundation.discoveries.records import Discovery
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: Clocks of tools that go a little fast are no fault.
TOLERANCE = timedelta(seconds=60)


async def file_missing(
    reads: ReadContext, discovery: Discovery, body: RecordDiscovery, ctx: ActionContext
) -> None:
    """Refuse if no file is named; the command line reads it itself."""
    if body.upload is None and not ctx.caller.is_rule:
        raise WrongValue(pointer="/upload", because="missing")


async def found_in_the_future(
    reads: ReadContext, discovery: Discovery, body: RecordDiscovery, ctx: ActionContext
) -> None:
    """Refuse a discovery of items as they will be."""
    if body.found_at > ctx.now + TOLERANCE:
        raise WrongValue(pointer="/found_at", because="in_the_future")


async def differences_unsettled(reads: ReadContext, discovery: Discovery, ctx: ActionContext) -> str | None:
    """Refuse if a difference is not settled yet (`discovery_unsettled`)."""
    return "discovery_unsettled" if discovery.unsettled_count else None
