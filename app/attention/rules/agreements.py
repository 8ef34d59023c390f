"""Agreements: targets that the report of the period calls missed, and reviews that are overdue."""

from __future__ import annotations

from typing import Any

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of, pages_of
from app.service_levels.agreements.lifecycle import LIFECYCLE

#: More agreements than this are not named.
MOST_LISTED = 100
# The latest edition of each report on a period that ended within the one that is judged, or with it: by the
# clock of the agreement, which may differ by a day.
MISSED = """
select r.number, r.title, r.team_id, p.number as report, p.period, p.missed, p.issued_at
from fold.sla_report p join fold.sla r on r.id = split_part(p.record, '/', 2)::uuid
where p.ends_at > %(begin)s + interval '1 day' and p.ends_at <= %(end)s + interval '1 day'
  and p.missed <> '{{}}' and {chosen}
  and not exists (select from fold.sla_report l
    where l.record = p.record and l.number = p.number and l.edition > p.edition)
order by p.issued_at, r.number limit {most}"""
OVERDUE = """
select r.number, r.title, r.team_id, r.review_due_at, r.review_overdue_at from fold.sla r
where r.review_overdue_at is not null and {chosen} order by r.review_due_at, r.number limit {most}"""


async def targets_missed(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the agreements whose report on the period shows missed targets."""
    conditions = []
    for row in await _rows(reader, MISSED, {"begin": reader.choice.begin, "end": reader.period_end}):
        record, desk = pages_of(LIFECYCLE, row["number"])
        report = f"{record}/reports/{row['report']}"
        parameters = {
            "agreement": values.record(row["number"], record),
            "title": values.text(row["title"]),
            "n": values.number(len(row["missed"])),
            "targets": values.text(", ".join(row["missed"])),
            "period": values.text(row["period"]),
            "report": values.record(row["report"], report),
        }
        conditions.append(
            AttentionCondition(
                code="agreement_missed",
                severity=Severity.missed,
                process=LIFECYCLE.kind,
                parameters=parameters,
                cases=report,
                count=len(row["missed"]),
                subject=f"{row['number']}:{row['report']}",
                desk=desk,
                owner=reader.owner_team(row["team_id"]),
                since=row["issued_at"],
                folds=True,
            )
        )
    return conditions


async def reviews_overdue(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the agreements whose review is overdue."""
    conditions = []
    several = lists_of(LIFECYCLE, {"review_overdue_after": "1970-01-01T00:00:00Z"})
    for row in await _rows(reader, OVERDUE, {}):
        cases, desk = pages_of(LIFECYCLE, row["number"])
        due_at = row["review_due_at"] or row["review_overdue_at"]
        parameters = {
            "agreement": values.record(row["number"], cases),
            "title": values.text(row["title"]),
            "age": values.duration(max((reader.now - due_at).total_seconds(), 0)),
        }
        conditions.append(
            AttentionCondition(
                code="agreement_review_overdue",
                severity=Severity.missed,
                process=LIFECYCLE.kind,
                parameters=parameters,
                cases=cases,
                count=1,
                subject=row["number"],
                desk=desk,
                owner=reader.owner_team(row["team_id"]),
                since=due_at,
                due_at=due_at,
                folds=True,
                several=several[0],
                several_desk=several[1],
            )
        )
    return conditions


async def _rows(reader: AttentionReader, statement: str, parameters: dict[str, Any]) -> Any:
    """Return the rows of agreements that the reader sees, of what they have chosen."""
    choice = reader.choice
    where = WhereClause(parameters=parameters)
    conditions = [reader.visible(LIFECYCLE, where)]
    if choice.teams:
        conditions.append(f"r.team_id = any({where.bind(choice.team_ids)})")
    if choice.services:
        conditions.append(f"r.services && {where.bind(list(choice.services))}")
    filled = statement.format(chosen=" and ".join(conditions), most=MOST_LISTED)
    return await reader.ledger.db.rows(filled, where.parameters)
