"""Since when the records of a kind exist: before that, a count is unknown and not zero. A period that began
earlier is only partly recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from app.common.records import CodeEnum
from app.kpis.answers.point_parts import KpiPrevious
from app.kpis.declaration.kpi import Kpi
from app.platform.db import Connection, fetch_rows

#: Decimals of the change between two values.
DECIMALS = 6
#: Records of a period count as whole if they begin at most so much later: a long weekend.
LOADED_WITHIN = timedelta(days=3)
#: The instant and position of the opening of each record of a kind whose KPIs are values without cases, too.
OPENINGS: Mapping[str, tuple[str, str]] = {
    "incident": ("kpi.incident_opened", "at"),
    "request": ("kpi.request_opened", "at"),
    "problem": ("kpi.problem_opened", "at"),
    "change": ("kpi.change_life", "opened_at"),
    "deployment": ("kpi.deployment_succeeded", "at"),
    "article": ("kpi.article_published", "at"),
    "improvement_suggestion": ("kpi.improvement_suggestion_offered", "at"),
    "risk": ("kpi.risk_life", "opened_at"),
}
FIRST_RECORD = """(select {column} from {table}
  where %(position)s::bigint is null or opened_position <= %(position)s
  order by {column} limit 1) as {kind}"""


class Recording(CodeEnum):
    """Whether the records of the KPI's kind cover a period."""

    whole = "whole", "Recorded", "有完整记录"
    partly = "partly", "Partly recorded", "仅部分有记录"
    nothing = "nothing", "Before the first record", "早于首条记录"


def recording_of(begin: datetime, end: datetime, first_record: datetime | None) -> Recording:
    """Return whether records that begin with that instant cover the period; None: it is not known."""
    if first_record is None:
        return Recording.whole
    if end <= first_record:
        return Recording.nothing
    return Recording.partly if first_record > begin + LOADED_WITHIN else Recording.whole


async def first_records(
    connection: Connection, kinds: Iterable[str], position: int | None = None
) -> dict[str, datetime | None]:
    """Return when the first record of each kind was opened, as the log knows it at the position; None of a
    kind without records, and of those whose KPIs have no value without cases.
    """
    kinds_counted = [kind for kind in dict.fromkeys(kinds) if kind in OPENINGS]
    if not kinds_counted:
        return {}
    columns = (
        FIRST_RECORD.format(kind=kind, table=OPENINGS[kind][0], column=OPENINGS[kind][1])
        for kind in kinds_counted
    )
    (row,) = await fetch_rows(connection, f"select {', '.join(columns)}", {"position": position})
    return row


def first_record_of(kpi: Kpi, records: Mapping[str, datetime | None]) -> datetime | None:
    """Return when the first record of the KPI's kinds was opened; None: it is not known."""
    return min((opened for kind in kpi.processes if (opened := records.get(kind)) is not None), default=None)


def compare(
    value: float | None, before: float | None, recorded: Recording, recorded_before: Recording
) -> KpiPrevious:
    """Return the comparison with the value `before`: that value, and the relative change since then. A period
    without records has no value, and one with part of them no comparison.
    """
    if recorded_before is Recording.nothing:
        return KpiPrevious(value=None, change=None)
    is_whole = recorded is recorded_before is Recording.whole
    if value is None or not before or not is_whole:
        return KpiPrevious(value=before, change=None)
    return KpiPrevious(value=before, change=round(value / before - 1, DECIMALS))
