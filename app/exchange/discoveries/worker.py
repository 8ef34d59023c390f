"""Worker of discoveries: compares each waiting one with the record. If it is killed, another one begins the
comparison again, and what is listed already stays.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.exchange.discoveries.comparing import comparison_of
from app.exchange.discoveries.reading import DiscoveryRefused
from app.exchange.files import InMemoryFile
from app.foundation.discoveries.records import DiscoveryFailure, DiscoveryState
from app.kernel import uploads
from app.kernel.actions.refusals import ActionUnavailable, Refusal
from app.kernel.consumers import polling
from app.kernel.ledger import Ledger
from app.platform.db import Connection, DatabaseGone

NAME = "discoveries"
POLL_SECONDS = 2.0
SELECT_WAITING = """
select id from fold.discovery where state = 'waiting' and upload_id is not null order by imported_at, id
"""
SELECT_DISCOVERY = "select * from fold.discovery where id = %s"


async def compare_next(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Compare the first waiting discovery that no other worker has claimed. Return whether there was one."""

    async def compare_one(discovery_id: UUID) -> bool:
        return await compare(ledger, discovery_id, now)

    return await polling.claim_first(connection, SELECT_WAITING, "discovery", compare_one)


async def compare(ledger: Ledger, discovery_id: UUID, now: datetime) -> bool:
    """Compare the discovery by its upload; return whether it was waiting. Raises DatabaseGone: it is then
    compared later.
    """
    row = await ledger.db.row(SELECT_DISCOVERY, (discovery_id,))
    if row is None or row["state"] != DiscoveryState.waiting or row["upload_id"] is None:
        return False
    comparison, upload = comparison_of(ledger, row, now), row["upload_id"]
    try:
        body = await uploads.read_all(ledger, upload)
        await comparison.carry_out(InMemoryFile(str(row["key"]), body), lambda done, size: None)
    except uploads.ContentErased:
        await comparison.record_failure(DiscoveryFailure.content_erased)
    except uploads.ContentDamaged:
        await comparison.record_failure(DiscoveryFailure.content_damaged)
    except DiscoveryRefused as refused:
        await comparison.record_failure(refused.why)
    except ActionUnavailable:  # it was discarded meanwhile
        await comparison.forget_items()
    except DatabaseGone:
        raise
    except Exception as error:  # a bug of this program: trying again would fail again
        if not isinstance(error, Refusal):
            await comparison.record_failure(DiscoveryFailure.failed)
        raise
    await uploads.delete_unattached(ledger.db, upload)
    return True


run = polling.job(NAME, compare_next, every=POLL_SECONDS)
