"""Changes and improvements that are stuck: unreviewed changes, overdue steps, faded benefits, withdrawn
evidence; and the effects that were confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of, pages_of
from app.kernel.actions.lifecycle import Lifecycle
from app.processes.changes.lifecycle import LIFECYCLE as CHANGES
from app.processes.improvements.lifecycle import LIFECYCLE as IMPROVEMENTS
from app.processes.improvements.records import OPEN
from app.processes.improvements.rollout.lookups import NOT_PASSED
from app.processes.releases.lifecycle import LIFECYCLE as RELEASES

#: More of a kind than this are not named.
MOST_LISTED = 100
#: A confirmed effect is good news for so long.
GOOD_FOR = timedelta(days=31)
# The product flags a change that has not been reviewed for three working days.
UNREVIEWED = """
select r.number, r.title, r.team_id, r.review_due_at as due_at from fold.change r
where r.review_overdue_at is not null and r.reviewed_at is null and {chosen}
order by r.review_due_at, r.number limit {most}"""
# Late work of an improvement: the judgement of its pilot, a step of its rollout, an examination that is still
# not passed, or a report.
STEPS = f"""
select r.number, r.title, r.team_id, late.step, late.due_at from fold.improvement r
join lateral (
  select 'judgement' as step, j.judgement_overdue_at as due_at from fold.improvement_judgement j
  where j.record = 'improvement/' || r.id and j.judgement_overdue_at is not null
  union all
  select 'rollout', s.due_at from fold.rollout_step s
  where s.record = 'improvement/' || r.id and s.overdue_at is not null and s.completed_at is null
  union all
  select 'sitting', s.due_at from (
    select r.* from fold.rollout_sitting r where r.overdue_at is not null and {NOT_PASSED}
  ) s where s.record = 'improvement/' || r.id
  union all
  select 'report', r.next_report_due_at where r.report_overdue_at is not null
) late on true
where r.state = any(%(open)s) and {{chosen}} order by late.due_at, r.number limit {{most}}"""
# Until a later measurement finds it again.
FADED = """
select r.number, r.title, r.team_id, o.faded_at as due_at from fold.improvement_outcome o
join fold.improvement r on r.id = split_part(o.record, '/', 2)::uuid
where o.faded_at is not null and r.reverted_at is null and {chosen}
  and not exists (select from fold.improvement_measurement m
    where m.record = o.record and m.measured_at > o.faded_at and m.kept)
order by o.faded_at desc, r.number limit {most}"""
CONFIRMED = """
select r.number, r.title, r.team_id, e.evaluated_at as due_at from fold.improvement_evaluation e
join fold.improvement r on r.id = split_part(e.record, '/', 2)::uuid
where e.reached and e.against_evidence is not true and e.evaluated_at > %(since)s and r.reverted_at is null
  and {chosen}
order by e.evaluated_at desc, r.number limit {most}"""
# Documents that are evidence of a standard or of a gate, and that were withdrawn since.
WITHDRAWN = """
select r.number, r.title, r.team_id, e.number as document,
  coalesce(e.destroyed_at, e.archived_at, e.superseded_at) as due_at
from fold.{kind} r
join lateral ({named}) as n(number) on true
join fold.document_entry e on e.number = n.number and e.state in ('superseded', 'archived', 'destroyed')
where r.state <> all(%(ended)s) and {{chosen}} order by due_at desc, r.number, e.number limit {{most}}"""
#: By kind of record: the numbers of the documents that it relies on, and the states in which it relies on
#: them no more.
RELIED_ON = {
    "improvement": (
        """select unnest(o.document_numbers) from fold.improvement_outcome o
        where o.record = 'improvement/' || r.id
        union select unnest(s.evidence_numbers) from fold.rollout_step s
        where s.record = 'improvement/' || r.id and s.step <> 'pilot'""",
        ("rejected", "reverted", "cancelled"),
    ),
    "release": (
        """select unnest(s.document_numbers) from fold.release_stage s where s.record = 'release/' || r.id""",
        ("closed", "rolled_back", "cancelled"),
    ),
}
#: The sentences on steps that are overdue.
OVERDUE = {
    "judgement": "judgement_overdue",
    "rollout": "rollout_overdue",
    "report": "report_overdue",
    "sitting": "sitting_overdue",
}


async def changes_unreviewed(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the changes that were implemented and are not reviewed in time."""
    several = lists_of(CHANGES, reader.parameters(review_overdue_after="1970-01-01T00:00:00Z"))
    rows = await _rows(reader, CHANGES, UNREVIEWED, {})
    return [_condition(reader, CHANGES, "change_unreviewed", row, several) for row in rows]


async def steps_overdue(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the judgements, rollout steps and reports of improvements that are overdue."""
    rows = await _rows(reader, IMPROVEMENTS, STEPS, {"open": [state.value for state in OPEN]})
    return [_condition(reader, IMPROVEMENTS, OVERDUE[row["step"]], row) for row in rows]


async def benefits_faded(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the improvements whose benefit has faded."""
    rows = await _rows(reader, IMPROVEMENTS, FADED, {})
    return [_condition(reader, IMPROVEMENTS, "benefit_faded", row) for row in rows]


async def evidence_withdrawn(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the improvements and releases that rest on documents that were withdrawn since."""
    conditions: list[AttentionCondition] = []
    for lifecycle in (IMPROVEMENTS, RELEASES):
        named, ended = RELIED_ON[lifecycle.kind]
        statement = WITHDRAWN.format(kind=lifecycle.kind, named=named)
        for row in await _rows(reader, lifecycle, statement, {"ended": list(ended)}):
            condition = _condition(reader, lifecycle, "evidence_withdrawn", row)
            words = {**condition.parameters, "document": values.text(row["document"])}
            subject = f"{row['number']}:{row['document']}"
            conditions.append(replace(condition, parameters=words, subject=subject))
    return conditions


async def effects_confirmed(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the improvements that have reached what they promised, by their evaluation of late."""
    rows = await _rows(reader, IMPROVEMENTS, CONFIRMED, {"since": reader.now - GOOD_FOR})
    return [_condition(reader, IMPROVEMENTS, "effect_confirmed", row) for row in rows]


async def _rows(
    reader: AttentionReader, lifecycle: Lifecycle[Any], statement: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    where = WhereClause(parameters=parameters)
    filled = statement.format(chosen=reader.chosen(lifecycle, where), most=MOST_LISTED)
    return await reader.ledger.db.rows(filled, where.parameters)


def _condition(
    reader: AttentionReader,
    lifecycle: Lifecycle[Any],
    code: str,
    row: Mapping[str, Any],
    several: tuple[str | None, str | None] = (None, None),
) -> AttentionCondition:
    cases, desk = pages_of(lifecycle, row["number"])
    return AttentionCondition(
        code=code,
        severity=Severity.stuck,
        process=lifecycle.kind,
        parameters={
            "case": values.record(row["number"], cases),
            "title": values.text(row["title"] or row["number"]),
            "age": values.duration(max((reader.now - row["due_at"]).total_seconds(), 0)),
        },
        cases=cases,
        count=1,
        subject=f"{row['number']}:{row['due_at'].isoformat()}",
        desk=desk,
        owner=reader.owner_team(row["team_id"]),
        since=row["due_at"],
        due_at=row["due_at"],
        folds=True,
        several=several[0],
        several_desk=several[1],
    )
