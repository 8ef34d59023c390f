"""That a request's row is what its events come to."""

from __future__ import annotations

from uuid import UUID

from app.common.records import codecs, from_row
from app.kernel.histories.history import fold
from app.log import read
from app.processes.requests.records import Request
from tests.client import Api


async def is_the_fold(api: Api, request_id: str) -> None:
    """Every field of the row is as the events say."""
    row = await api.ledger.db.row("select * from fold.request where id = %s", (UUID(request_id),))
    assert row is not None
    stands = from_row(Request, row)
    folded = fold(Request, stands.row_key, await read.stream_events(api.ledger.db, stands.row_key))
    assert folded is not None
    for name in ("id", "version", "changed_at", *codecs(Request)):
        assert getattr(folded, name) == getattr(stands, name), name
