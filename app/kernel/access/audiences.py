"""A check of who may see which records: recomputes the audience of every record, and finds the heads of
streams with a different one, such as those that no command has touched since the rule was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.common.records import ChildRecord, from_row
from app.kernel.access.kinds import RecordKind
from app.kernel.access.visibility import audience
from app.log.heads import HeadAudience, rewrite_audiences
from app.platform.db import Connection, fetch_rows, fetch_value

#: Number of records whose heads one statement rewrites; writers wait for the statement.
BATCH = 500
#: Before the first id.
LOWEST_ID = UUID(int=0)
# In one statement, so that the record, its child records and its head are of one version.
RECORDS = """
select r.*, h.stream as head, h.version as stream_version, h.audience, {tokens} as tokens
from (select * from {source} all_records where id > %(after)s order by id limit %(most)s) r
join log.stream_head h on h.stream = '{kind}/' || r.id
order by r.id"""
TOKENS = """select '{token}:' || c.person_id from fold.{kind} c
  where c.record = h.stream and c.person_id is not null"""


@dataclass(frozen=True, slots=True)
class AudienceCheck:
    """The result of a batch: the records looked at, the heads that are to be rewritten, and the last id
    (None: there are no further records).
    """

    records: int
    differing: list[HeadAudience]
    last: UUID | None


@dataclass(slots=True)
class RewriteProgress:
    """How far a kind has come: its records, those looked at, and the heads rewritten."""

    kind: str
    records: int
    looked_at: int = 0
    rewritten: int = 0


async def check_batch(
    connection: Connection, lifecycle: RecordKind[Any], after: UUID = LOWEST_ID, most: int = BATCH
) -> AudienceCheck:
    """Compare the heads of the next records of the kind, by id, with the audiences of their records."""
    query = RECORDS.format(
        kind=lifecycle.kind, source=lifecycle.source, tokens=_tokens_of_children(lifecycle)
    )
    rows = await fetch_rows(connection, query, {"after": after, "most": most})
    differing = []
    for row in rows:
        tokens = audience(lifecycle, from_row(lifecycle.record, row), row["tokens"])
        if tokens != frozenset(row["audience"]):
            differing.append(HeadAudience(row["head"], row["stream_version"], tuple(sorted(tokens))))
    return AudienceCheck(len(rows), differing, rows[-1]["id"] if len(rows) == most else None)


def _tokens_of_children(lifecycle: RecordKind[Any]) -> str:
    """Return the SQL of the tokens that persons have by child records of the record."""
    selects = [
        TOKENS.format(token=child.AUDIENCE_KIND, kind=child.KIND)
        for child in lifecycle.children
        if issubclass(child, ChildRecord) and child.AUDIENCE_KIND
    ]
    return f"array({' union '.join(selects)})" if selects else "'{}'::text[]"


async def rewrite_kind(
    connection: Connection,
    lifecycle: RecordKind[Any],
    progress: Callable[[RewriteProgress], None],
    batch: int = BATCH,
) -> RewriteProgress:
    """Rewrite the heads of a kind that have another audience than their records, batch by batch, and report
    each. After an interruption, start again: correct heads are only compared.
    """
    done = RewriteProgress(
        lifecycle.kind, await fetch_value(connection, f"select count(*) from {lifecycle.table}")
    )
    after: UUID | None = LOWEST_ID
    while after is not None:
        checked = await check_batch(connection, lifecycle, after, batch)
        written = await rewrite_audiences(connection, checked.differing) if checked.differing else 0
        done.rewritten += written
        if written < len(checked.differing):
            continue  # Commands have moved some on, and kept of the old list who follows: look again.
        done.looked_at += checked.records
        after = checked.last
        progress(done)
    return done
