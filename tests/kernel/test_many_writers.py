"""Many who write to one record at once, in two processes."""

from __future__ import annotations

import asyncio

from app.common.people import Role
from app.kernel.ledger import Ledger
from app.ticketing.comments import CommentTicket
from tests.extent import examples
from tests.kernel.incidents import report
from tests.people import act, add_caller

#: Of each of eight writers: a thousand together where everything is tried.
COMMENTS_EACH = examples(125)


async def test_of_many_who_add_to_one_record_in_two_processes_nobody_is_refused(
    ledger: Ledger, other: Ledger
) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    incident = await report(ledger, agent)

    async def writes(by: Ledger, writer: int) -> None:
        for n in range(COMMENTS_EACH):
            await act(by, agent, "incident", "comment", incident.id, CommentTicket(text=f"{writer}: {n}"))

    await asyncio.gather(*(writes((ledger, other)[n % 2], n) for n in range(8)))
    assert await ledger.db.value("select count(*) from fold.comment") == 8 * COMMENTS_EACH
