"""Work that waits for the reader: decisions that need their vote, tasks, complaints, and requested
actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader
from app.log.canonical import from_instant
from app.ticketing.routes.asked_actions import asked_actions
from app.ticketing.work.work_statements import MOST_LISTED, work_statement_for

WORK = "/v1/me/work"
#: The sections of the reader's work, by the code of the sentence.
SECTIONS = {
    "decisions_wait": ("votes", "votes_for_others"),
    "tasks_wait": ("tasks",),
    "complaints_wait": ("complaints",),
}
#: Where each is done, if not on the page of the reader's work.
PAGES = {"decisions_wait": "/dashboard/committee"}
#: The sentences of what has no due time.
UNDATED = {"tasks_wait": "tasks_wait_undated", "actions_wait": "actions_wait_undated"}


async def waiting(reader: AttentionReader) -> list[AttentionCondition]:
    """Return how much of each kind waits for the reader."""
    ledger = reader.ledger
    kinds = tuple(ledger.lifecycles.values())
    query = work_statement_for(reader.caller, kinds, ledger.settings.agents_see, with_cases=False)
    rows = await ledger.db.rows(query.statement, {**query.parameters, "now": reader.now, "language": "en"})
    conditions = []
    for code, parts in SECTIONS.items():
        items = [row["more"] for row in rows if row["part"] in parts and not row["more"].get("opens_at")]
        conditions += _waiting(reader, code, [item["due_at"] for item in items])
    actions = await asked_actions(ledger, reader.caller, "en", reader.now)
    conditions += _waiting(reader, "actions_wait", [None for _ in actions])
    return conditions


def _waiting(reader: AttentionReader, code: str, due_times: Sequence[Any]) -> list[AttentionCondition]:
    if not due_times:
        return []
    times: list[datetime] = sorted(from_instant(time) for time in due_times if time is not None)
    parameters = {"n": values.number(len(due_times))}
    if len(due_times) >= MOST_LISTED:
        parameters["n"] = values.SentenceValue(
            "number", len(due_times), dict.fromkeys(parameters["n"].words, f"{len(due_times)}+")
        )
    if times:
        parameters["due"] = values.moment(times[0], reader.zone)
    return [
        AttentionCondition(
            code=code,
            severity=Severity.yours,
            process=None,
            parameters=parameters,
            sentence=code if times else UNDATED.get(code),
            cases=WORK,
            count=len(due_times),
            desk=PAGES.get(code, "/desk"),
            due_at=times[0] if times else None,
        )
    ]
