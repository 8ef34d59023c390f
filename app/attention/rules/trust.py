"""Whether the figures can be relied on: reconciled last night, and not behind the log."""

from __future__ import annotations

from datetime import timedelta

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, pages_of
from app.kernel.access.visibility import sees_every_record
from app.kpis.reconciliations.lifecycle import LIFECYCLE
from app.kpis.reconciliations.records import Verdict

#: Without a reconciliation for so long, nothing is known of the figures.
LONGEST_WITHOUT = timedelta(hours=36)
#: Facts that lag behind the log by more than this are not current.
LONGEST_LAG_SECONDS = 60.0
LATEST = """
select r.id, r.verdict, r.differences, r.made_at,
  (select min(d.made_at) from fold.reconciliation d where d.verdict = 'differs' and not exists (
    select from fold.reconciliation a where a.verdict = 'agreed' and a.made_at >= d.made_at)) as differs_since
from fold.reconciliation r order by r.made_at desc, r.id desc limit 1"""
FIRST_EVENT = "select recorded_at from log.event order by position limit 1"


async def reconciliation(reader: AttentionReader) -> list[AttentionCondition]:
    """Return that figures did not reconcile, or that nothing was reconciled for a day and a half; of a log
    that is younger, or where nothing is reconciled, nothing.
    """
    settings = reader.ledger.settings
    if not sees_every_record(reader.caller, LIFECYCLE, agents_see=settings.agents_see):
        return []
    row = await reader.ledger.db.row(LATEST)
    cases, desk = (None, None) if row is None else pages_of(LIFECYCLE, str(row["id"]))
    if row is not None and row["verdict"] == Verdict.differs:
        since = row["differs_since"] or row["made_at"]
        parameters = {
            "n": values.number(row["differences"]),
            "since": values.moment(since, reader.zone),
        }
        return [
            AttentionCondition(
                "figures_differ",
                Severity.banner,
                None,
                parameters,
                cases,
                row["differences"],
                desk=desk,
                since=since,
            )
        ]
    if settings.reconcile_time is None:
        return []
    since = row["made_at"] if row is not None else await reader.ledger.db.value(FIRST_EVENT)
    if since is None or reader.now - since <= LONGEST_WITHOUT:
        return []
    age = values.duration((reader.now - since).total_seconds())
    return [
        AttentionCondition(
            "not_reconciled", Severity.banner, None, {"age": age}, cases, 1, desk=desk, since=since
        )
    ]


def lagging(reader: AttentionReader, lag_seconds: float) -> list[AttentionCondition]:
    """Return that the figures lag behind the log, if they do so noticeably."""
    if lag_seconds <= LONGEST_LAG_SECONDS:
        return []
    since = reader.now - timedelta(seconds=lag_seconds)
    parameters = {"age": values.duration(lag_seconds)}
    return [AttentionCondition("figures_lag", Severity.banner, None, parameters, None, 1, since=since)]
