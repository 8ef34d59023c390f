"""That a request's row is what its events come to."""

from __future__ import annotations

from uuid import UUID

from app.common.records import all_codecs, all_values, from_row, rows_with_parts
from app.kernel.histories.history import fold
from app.log import read
from app.processes.requests.records import Request
from tests.client import Api


async def is_the_fold(api: Api, request_id: str) -> None:
    """Every field of the row is as the events say."""
    query = f"select * from {rows_with_parts(Request)} r where id = %s"
    row = await api.ledger.db.row(query, (UUID(request_id),))
    assert row is not None
    stands = from_row(Request, row)
    folded = fold(Request, stands.row_key, await read.stream_events(api.ledger.db, stands.row_key))
    assert folded is not None
    was, now = all_values(folded), all_values(stands)
    for name in ("id", "version", "changed_at", *all_codecs(Request)):
        assert was[name] == now[name], name
