"""Examinations of seals: how old the newest is, and whether it is exported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from app.cli.doctor.findings import CheckOutcome, ReachedDatabase, failure, success, warning

#: Number of intervals after which a seal or an export is late.
LATE_INTERVALS = 3
#: Without a sealing interval, a seal is late after a day.
USUAL_SECONDS = 86_400
SEALS = """
select h.position as head, s.number, s.size, s.sealed_at, e.size as exported_size, e.exported_at,
  (select string_agg(distinct target, ', ' order by target) from log.seal_export) as targets
from log.head h
left join lateral (select number, size, sealed_at from log.sealed_head order by number desc limit 1) s on true
left join lateral (select size, exported_at from log.seal_export order by number desc, exported_at limit 1) e
  on true"""


async def examine_seals(reached: ReachedDatabase, now: datetime) -> AsyncIterator[CheckOutcome]:
    """Examine whether the log is sealed, and heads are exported, as often as the settings demand."""
    row = await reached.db.row(SEALS)
    assert row is not None
    interval = reached.setup.settings.seal_seconds or USUAL_SECONDS
    bound = timedelta(seconds=LATE_INTERVALS * interval)
    if row["number"] is None:
        if row["head"]:
            yield warning("seals_none")
        return
    age, events = now - row["sealed_at"], row["head"] - row["size"]
    words = {
        "size": row["size"],
        "minutes": round(age.total_seconds() / 60),
        "targets": row["targets"] or "–",
    }
    if events and age > bound:
        yield failure("seals_late", events=events, **words)
    elif row["targets"] is None:
        yield warning("seals_unexported", number=row["number"])
    elif row["exported_size"] < row["size"] and now - row["exported_at"] > bound:
        minutes = round((now - row["exported_at"]).total_seconds() / 60)
        yield failure("seals_behind", size=row["exported_size"], minutes=minutes)
    else:
        yield success("seals_ok", **words)
