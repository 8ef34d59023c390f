"""The tables of facts of articles, services and agreements, and the facts of the use of knowledge."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from app.kpis.facts.table import CASE, FactTable
from app.platform.db import Connection, fetch_tuples

_FLAGS = ("excluded", "irregular", "position", "opened_position")
_ARTICLE = ("at", "owner_id", *_FLAGS)
ARTICLE = (
    FactTable("article_published", (*CASE, *_ARTICLE)),
    FactTable("article_used", (*CASE, "n", *_ARTICLE), key=(*CASE, "n")),
)
SERVICE = (
    FactTable(
        "service_stretch",
        (
            *(*CASE, "n", "since", "until", "service", "owner_id", "team_id", "opened_at"),
            *("irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
)
SLA = (
    FactTable("sla_signed", (*CASE, "at")),
    FactTable("sla_cover", (*CASE, "service", "since", "until"), key=(*CASE, "service")),
    FactTable(
        "sla_life",
        (
            *(*CASE, "n", "since", "until", "phase", "on_hold", "overdue", "opened_at"),
            *("agreement_type", "owner_id", "irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
)
#: Tables that receive the events of visits, uses and openings, and the visits that follow from them.
FOLLOWING = ("helped_case", "visit_event", "ticket_raised", "article_visit")
#: Kinds of records whose events are about these.
KINDS = frozenset({"article", "incident", "request"})
_FOLDER = Path(__file__).parent
#: Their events are followed one by one.
STATEMENTS = [(_FOLDER / f"{name}.sql").read_text(encoding="utf-8") for name in ("knowledge", "visits")]


async def follow(
    connection: Connection, span: dict[str, Any], kinds: Collection[str], prepare: bool | None
) -> None:
    """Write the uses, visits and openings in the events of the span, from `first` to `last`, and the visits
    that follow from it. `kinds` are those of the records that have events in the span.
    """
    for text in () if KINDS.isdisjoint(kinds) else STATEMENTS:
        await fetch_tuples(connection, text, span, prepare=prepare)
