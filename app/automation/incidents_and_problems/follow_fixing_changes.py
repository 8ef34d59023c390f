"""Tells those who look after a problem that the change that was to fix it is not made, or is undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from app.kernel.access.reads import load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.platform.db import Connection, fetch_rows
from app.processes.problems.payloads import NoteFixingChangeFailedProblem
from app.ticketing.change_endings import ENDED_AS_MADE, ending_of

#: By the partial index of problems with a fixing change of ours. One that is noted already is left out: a
#: change that is backed out is reviewed afterwards.
WAITING = """
select id, fixing_change_id, version from fold.problem where fixing_change_id = any(%s)
and state = 'fix_in_progress' and fixing_change_failed_at is null order by id"""


async def select_fixing(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return the events of changes that are to fix a problem."""
    rows = await fetch_rows(connection, WAITING, ([id_of(event.stream) for event in events],))
    changes = {row["fixing_change_id"] for row in rows}
    return [event for event in events if id_of(event.stream) in changes]


async def follow_fixing_changes(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the note on each problem that the change was to fix, unless the change was made."""
    change = id_of(event.stream)
    loaded = await load(ledger.db, ledger.lifecycles["change"], str(change))
    ending = None if loaded is None else ending_of(loaded.record)
    if ending is None or ending in ENDED_AS_MADE:
        return
    body = NoteFixingChangeFailedProblem(change=str(change))
    for row in await ledger.db.rows(WAITING, ([change],)):
        yield RuleConsequence(
            "problem", "note_fixing_change_failed", row["id"], body, if_match=row["version"]
        )


RULE = Rule(
    "follow_fixing_changes",
    ("change.cancelled", "change.rejected", "change.backed_out", "change.reviewed"),
    follow_fixing_changes,
    select_fixing,
)
