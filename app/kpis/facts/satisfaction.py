"""The facts of satisfaction: ratings and complaints of incidents and requests alike.

They are written after the other facts of the same cases, in the same transaction. Few cases have any, so the
others are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.platform.db import Connection, fetch_tuples

#: The kinds of records whose ratings and complaints are counted.
KINDS = ("incident", "request")
_DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
_FLAGS = ("excluded", "irregular", "position", "opened_position")
_COMPLAINT = ("case_id", "complaint_id")
#: The tables, each with its columns and its key.
TABLES: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
    ("rated", ("case_id", "at", *_DIMENSIONS, *_FLAGS, "score"), ("case_id",)),
    ("rating_asked", ("case_id", "at", *_DIMENSIONS, *_FLAGS, "rated"), ("case_id",)),
    (
        "complained",
        (*_COMPLAINT, "at", *_DIMENSIONS, "subject", *_FLAGS, "ended_at", "ended_seconds"),
        _COMPLAINT,
    ),
    (
        "complaint_answered",
        (*_COMPLAINT, "at", *_DIMENSIONS, "subject", *_FLAGS, "seconds", "met"),
        _COMPLAINT,
    ),
)
#: The events that these facts come from, by type without its kind.
EVENTS = ("rated", "rating_asked", "complained", "complaint_answered", "complaint_merged")
# A case that had begun before has such events if it has facts of them already, or has one in this batch.
CONCERNED = """
select array_agg(case_id)::text from (
  select split_part(stream, '/', 2)::uuid as case_id from log.told
  where position between %(first)s and %(last)s and type = any(%(types)s)
    and kpi.share(stream, %(shares)s) = %(share)s
  union
  select case_id from unnest(%(begun)s::uuid[]) as begun(case_id)
  where exists (select from kpi.rated old where old.case_id = begun.case_id)
    or exists (select from kpi.rating_asked old where old.case_id = begun.case_id)
    or exists (select from kpi.complained old where old.case_id = begun.case_id)
) concerned"""
_TEXT = (Path(__file__).with_name("satisfaction.sql")).read_text(encoding="utf-8")


def statements(replacing: str) -> dict[str, str]:
    """Return, by kind, the statement that writes the facts; `replacing` are the CTEs that replace the rows of
    the tables.
    """
    return {
        kind: f"{_TEXT.format(kind=kind, length=len(kind) + 1)}{replacing}\nselect count(*) from begun"
        for kind in KINDS
    }


async def write(
    connection: Connection, of_kinds: dict[str, str], values: dict[str, dict[str, Any]], prepare: bool | None
) -> None:
    """Write the facts of the cases of each kind; `of_kinds` are the `statements`, `values` by kind the
    parameters of the batch.
    """
    for kind, text in of_kinds.items():
        if kind not in values:
            continue
        parameters = values[kind] | {"types": [f"{kind}.{name}" for name in EVENTS]}
        ((concerned,),) = await fetch_tuples(connection, CONCERNED, parameters, prepare=prepare)
        if concerned is not None:
            await fetch_tuples(connection, text, parameters | {"concerned": concerned}, prepare=prepare)
