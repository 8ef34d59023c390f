"""Records that other records name: only callers who may see the named record are shown its name.

A corrective action names the finding that it comes from, and is for all staff; the finding is not.
"""

from __future__ import annotations

from collections.abc import Collection

from app.common.people import Caller
from app.kernel.access.visibility import can_see
from app.kernel.ledger import Ledger
from app.log.events import kind_of

AUDIENCES = "select stream, audience from log.stream_head where stream = any(%s)"


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
