"""Clocks in lists of tickets: the most urgent open one of each, order by due time, the filter `due_within`.

All of it is read from the rows of `sla.clock`, which stand at the position of the KPI facts.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, TypeAdapter, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.api.listings.filters import Parameter, WhereClause
from app.api.listings.lists import ListExtension
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, Renderer
from app.common.components import Component
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.platform.db import Database
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric
from app.service_levels.clocks.clock_rows import CONSUMER

#: Sort key of lists: the due time of the most urgent clock.
DUE = "due"
# The longest that a list waits for the clocks, so that callers find what they have just written; and the
# interval of polling.
WAIT_SECONDS = 0.25
POLL_SECONDS = 0.01
LAG = """
select h.position as head, coalesce(c.position, 0) as followed,
  (select extract(epoch from clock_timestamp() - e.recorded_at)::float8 from log.event e
   where e.position = coalesce(c.position, 0) + 1) as age
from log.head h left join log.checkpoint c on c.consumer = %s"""
#: The state of a clock at an instant: its row is as of its last event, and a running one has gone on since.
STATE_AT = """
case when c.breaches_at + interval '1 second' <= {now} and c.state in ('running', 'paused') then 'breached'
  else c.state end as state,
c.target_seconds - c.elapsed_seconds
  - case when c.state = 'running' then further.seconds else 0 end as remaining_seconds"""
ELAPSED_SINCE = """
cross join lateral business_time.seconds_between(
  c.calendar_version, c.counted_at, greatest(c.counted_at, {now})) further"""
URGENT = f"""
select c.case_id, c.metric, c.due_at, c.target_seconds, {STATE_AT.format(now="now()")}
from sla.clock c {ELAPSED_SINCE.format(now="now()")}
where c.case_id = any(%(ids)s) and c.urgent"""


class UrgentClock(OutputModel):
    """The open SLA clock of a ticket that is due first."""

    metric: Metric
    state: ClockState = Field(
        description="State of the clock, which is `running` outside business hours too."
    )
    target_seconds: int = Field(description="Number of business seconds that the target allows.")
    due_at: datetime | None = Field(
        description="Time at which the clock reaches its target; null while it is paused, or if the "
        "calendar ends before."
    )
    remaining_seconds: int | None = Field(
        description="Number of business seconds until the target; negative after it, null if unknown."
    )


async def urgent_clocks(ledger: Ledger, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
    """Return, by the ids of tickets, the open SLA clock of each that is due first."""
    rows = await ledger.db.rows(URGENT, {"ids": list(ids)})
    return {row.pop("case_id"): {**row, "due_at": _text(row["due_at"])} for row in rows}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)


#: The field of a ticket that shows it.
SlaField = Annotated[
    UrgentClock | None,
    LoadedFrom(urgent_clocks, single=True, on_request=True),
    Field(
        description="Open SLA clock that is due first. Null if the case has no open clock, and unless "
        "requested by `include` or `fields`."
    ),
]


async def wait_for_clocks(db: Database) -> float:
    """Wait a moment for the clocks to catch up with the log's present end. Return the age in seconds of the
    first event that they do not include then, or 0.
    """
    clock = asyncio.get_running_loop().time
    ends, head = clock() + WAIT_SECONDS, None
    while True:
        row = await db.row(LAG, (CONSUMER,))
        assert row is not None
        head = row["head"] if head is None else head
        if row["followed"] >= head:
            return 0.0
        if clock() >= ends:
            return round(max(row["age"] or 0.0, 0.0), 3)
        await asyncio.sleep(POLL_SECONDS)


_DURATION: TypeAdapter[timedelta] = TypeAdapter(timedelta)
#: Whole seconds, or an ISO 8601 duration of weeks, or of days, hours, minutes and seconds. As many digits as
#: keep it below ten years, so that the expression is all that there is to check.
_DURATION_FORM = (
    r"^([0-9]{1,8}|P[0-9]{1,3}W|P[0-9]{1,3}D"
    r"|P([0-9]{1,3}D)?T([0-9]{1,4}H([0-9]{1,4}M)?([0-9]{1,5}S)?|[0-9]{1,4}M([0-9]{1,5}S)?|[0-9]{1,5}S))$"
)


def _duration(value: Any) -> timedelta:
    """Return a duration given in whole seconds, or as ISO 8601 writes it: `14400`, `PT4H`."""
    text = str(value)
    if re.fullmatch(_DURATION_FORM, text) is None:
        raise PydanticCustomError("duration", "must be seconds, or a duration such as PT4H")
    return timedelta(seconds=int(text)) if text.isdecimal() else _DURATION.validate_python(text)


_Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string"}),
    Component(
        "Duration",
        "Number of seconds, or a duration in ISO 8601 form, of less than ten years.",
        "PT4H",
        {"pattern": _DURATION_FORM},
    ),
]


def extension(kind: str) -> ListExtension:
    """Return the fields, filters and orders by clocks for lists of tickets of that kind."""

    async def narrow(where: WhereClause, limit: timedelta, renderer: Renderer) -> None:
        latest = f"now() + {where.bind(limit)}"
        where.conditions.append(
            f"r.{DUE} <= {latest}"
            if where.is_joined
            else f"r.id in (select c.case_id from sla.clock c where c.urgent and c.kind = '{kind}' "
            f"and c.due_at <= {latest})"
        )

    about = "Tickets whose most urgent open SLA clock is due within this time, or is overdue."
    within = Annotated[_Duration | None, Field(description=about)]
    return ListExtension(
        join=f"left join sla.clock c on c.case_id = t.id and c.urgent and c.kind = '{kind}'",
        sorts={DUE: "c.due_at"},
        parameters=(Parameter("due_within", within, narrow),),
        fields=("sla",),
        lag_field="sla_lag_seconds",
        lag_about="Age in seconds of the oldest event that `sla`, `due` and `due_within` do not "
        "include yet; 0 if there is no such event, null if they are not requested.",
        wait=wait_for_clocks,
    )
