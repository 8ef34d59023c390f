"""`ledgerdesk reindex`: rebuilds the index of full-text search."""

from __future__ import annotations

from app.cli.output import Json, print_result, progress_bar
from app.cli.runtime import with_ledger
from app.kernel.ledger import Ledger
from app.log import read
from app.log.follow import FOLLOW_LIMITS, process_next_batch, reset
from app.platform.db import connect
from app.search.index import consumer


def reindex(as_json: Json = False) -> None:
    """Rebuild the index of full-text search, from the whole log. Meanwhile, searches find less."""
    position = with_ledger(_rebuild_index)
    print_result(
        f"The index includes the log up to position {position}.", {"position": position}, as_json=as_json
    )


async def _rebuild_index(ledger: Ledger) -> int:
    index, position = consumer(ledger), 0
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await reset(connection, index)
        with progress_bar() as bar:
            task = bar.add_task("Following the log", total=await read.head(ledger.db))
            while (span := await process_next_batch(connection, index)) is not None:
                position = span.last
                bar.update(task, completed=position)
    finally:
        await connection.close()
    return position
