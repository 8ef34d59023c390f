"""Reads of risks: the matrix in force, risks whose levels another one gave, and owners who are active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from app.common.records import from_row
from app.governance.risks.records import RiskMatrix
from app.kernel.access.reads import Reading
from app.kernel.ledger import Ledger
from app.platform.db import Database, Row

LATEST_MATRIX = """
select * from fold.risk_matrix where awaits_agreement is not true order by set_at desc, id desc limit 1"""
OTHERWISE_STATED = """
select id, version, likelihood, impact from fold.risk
where state in ('assessed', 'treated') and matrix_id is distinct from %(matrix)s
and (%(risk)s::uuid is null or id = %(risk)s) order by id"""
# The event that last changed the indicator is the cause of the reports about it.
WATCHED_INDICATORS = """
select i.*, e.id as cause, e.correlation_id from fold.risk_indicator i
join fold.risk r on r.id = split_part(i.record, '/', 2)::uuid and r.state <> 'closed'
join log.event e on e.stream = i.record and e.version = i.version order by i.id"""
MATRIX_THEN = """
select * from fold.risk_matrix where set_at < %s and awaits_agreement is not true
order by set_at desc, id desc limit 1"""
IDENTIFIED = """
select id, number, title, kind, cause, response, owner_id, identified_at, closed_at from fold.risk
where identified_at < %s
order by identified_at, id"""
ASSESSMENTS = """
select split_part(record, '/', 2)::uuid as risk, likelihood, impact, assessed_at from fold.risk_assessment
where assessed_at < %s order by assessed_at, id"""
WARNINGS = """
select r.number, w.kpi, w.threshold, w.reading, w.warned_at, w.cleared_at from fold.risk_warning w
join fold.risk r on r.id = split_part(w.record, '/', 2)::uuid
where w.warned_at >= %s and w.warned_at < %s order by w.warned_at, w.id"""
OCCURRENCES = """
select r.number, o.happened_at, o.loss, o.currency from fold.risk_occurrence o
join fold.risk r on r.id = split_part(o.record, '/', 2)::uuid
where o.happened_at >= %s and o.happened_at < %s order by o.happened_at, o.id"""


async def matrix_in_force(read: Reading) -> RiskMatrix | None:
    """Return the matrix that was set last, of those to which a second person has agreed; None: there is
    none.
    """
    rows = await read(LATEST_MATRIX, None)
    return from_row(RiskMatrix, rows[0]) if rows else None


async def otherwise_stated(db: Database, matrix: RiskMatrix, risk: UUID | None) -> Sequence[Row]:
    """Return the open risks, or that one, whose levels another matrix gave."""
    return await db.rows(OTHERWISE_STATED, {"matrix": matrix.id, "risk": risk})


async def watched_indicators(db: Database) -> Sequence[Row]:
    """Return the indicators of all risks that are not closed, each with its cause in the log."""
    return await db.rows(WATCHED_INDICATORS)


@dataclass(frozen=True, slots=True)
class RiskHistory:
    """The risks that were identified before an instant with their assessments until then, each by its time,
    the matrix that was in force then, and the warnings and occurrences of the period before it.
    """

    risks: Sequence[Row]
    assessments: Sequence[Row]
    matrix: RiskMatrix | None
    warnings: Sequence[Row]
    occurrences: Sequence[Row]


async def risk_history(db: Database, begin: datetime, end: datetime) -> RiskHistory:
    """Return the history of all risks until `end`, with what happened since `begin`."""
    matrices = await db.rows(MATRIX_THEN, (end,))
    return RiskHistory(
        risks=await db.rows(IDENTIFIED, (end,)),
        assessments=await db.rows(ASSESSMENTS, (end,)),
        matrix=from_row(RiskMatrix, matrices[0]) if matrices else None,
        warnings=await db.rows(WARNINGS, (begin, end)),
        occurrences=await db.rows(OCCURRENCES, (begin, end)),
    )


async def with_causes_and_owners(ledger: Ledger, history: RiskHistory) -> RiskHistory:
    """Return the history with the causes in plain text, and the names of the owners as `owner`."""
    owners = {row["owner_id"] for row in history.risks if row["owner_id"] is not None}
    named = await ledger.directory.names(owners) if owners else {}
    causes = {str(row["cause"]) for row in history.risks if row["cause"] is not None}
    texts = await ledger.vault.texts({*causes, *map(str, named.values())})
    risks = [
        {
            **row,
            "cause": texts.get(str(row["cause"])),
            "owner": texts.get(str(named.get(row["owner_id"]))),
        }
        for row in history.risks
    ]
    return replace(history, risks=risks)
