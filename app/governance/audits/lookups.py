"""Reads of the log for audits: the cases of a team and process that ended in a month, as of a position, and
what is irregular in them.

A case ends when it first enters a state in which it is done; it belongs to its last team. Events that were
replaced (`instead`) do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.conformance.lookups import IrregularCases
from app.conformance.paths import Misfit
from app.governance.audits.records import IrregularityRule
from app.kernel.access.kinds import RecordKind
from app.kernel.access.reads import Reading
from app.log.events import stream

#: The most irregularities that a draw lists.
MOST_LISTED = 500
# Streams are selected by today's team, except those that have changed since the position.
CASES = """
with candidate as materialized (
  select '{kind}/' || r.id as stream, r.team_id from fold.{kind} r where r.changed_at >= %(begin)s
),
looked_at as materialized (
  select c.stream from candidate c
  where c.team_id = %(team)s or %(position)s < (
    select e.position from log.event e where e.stream = c.stream order by e.version desc limit 1)
),
told as materialized (
  select e.stream, e.version, e.occurred_at, e.data->'set'->e.stream as fields
  from looked_at join log.told e using (stream) where e.position <= %(position)s and not e.data ? 'instead'
),
course as (
  select stream, min(occurred_at) filter (where fields->>'state' = any(%(ended)s)) as ended_at,
    (array_agg(fields->>'team_id' order by version desc) filter (where fields ? 'team_id'))[1] as team
  from told group by stream
)
select stream from course
where ended_at >= %(begin)s and ended_at < %(end)s and team = %(team)s::text order by stream
"""
IRREGULAR = """
with told as materialized (
  select e.stream, e.version, e.position, e.type, e.actor, e.occurred_at, e.data,
    min(e.version) filter (where e.data->'set'->e.stream->>'state' = any(%(ended)s))
      over (partition by e.stream) as ended,
    first_value(e.actor) over (partition by e.stream order by e.version) as opener
  from unnest(%(cases)s::text[]) c(stream) join log.told e using (stream)
  where e.position <= %(position)s and not e.data ? 'instead'
),
irregular as (
  select stream, 'missing_evidence' as rule, min(position) filter (where version = ended) as position
  from told group by stream
  having not bool_or(version >= ended and data->>'given' like '%%enc1:%%')
    and not bool_or(data->>'set' like any (array['%%"attachment/%%', '%%"document_entry/%%']))
  union all
  select stream, 'out_of_order', position from told where exists (
    select from jsonb_array_elements_text(data->'irregular') code where code like 'from:%%')
  union all
  select stream, 'self_approval', position from told
  where type = any(%(approvals)s) and actor = opener and version > 1
  union all
  select stream, 'late_step', position from told where type like '%%overdue'
  union all
  select h.about, 'late_step', e.position from log.stream_head h join log.event e on e.stream = h.stream
  where h.about = any(%(cases)s) and e.type = 'clock.breached' and e.position <= %(position)s
    and not exists (select from log.event w where w.stream = e.stream and w.version > e.version
      and w.type = 'clock.breach_withdrawn' and w.position <= %(position)s)
  union all
  select stream, 'wrong_form', position from told where type like '%%.edited' and version > ended
)
select stream, rule, position from irregular order by stream, position, rule
"""
# Where the log shows what conformance has found: a step that is not there, where the case ended; one that was
# done twice, where it was done last.
SHOWING_EVENTS = """
with found as (
  select * from unnest(%(cases)s::text[], %(rules)s::text[], %(steps)s::text[]) f(stream, rule, step)
)
select f.stream, f.rule, f.step,
  case f.rule when 'doubled_step' then max(e.position) else min(e.position) end as position
from found f join log.told e on e.stream = f.stream and case f.rule
  when 'skipped_step' then e.data->'set'->e.stream->>'state' = any(%(ended)s) else e.type = f.step end
where e.position <= %(position)s and not e.data ? 'instead'
group by f.stream, f.rule, f.step order by f.stream, position, f.rule, f.step
"""
EVENT_AT = "select id from log.event where position = %s"
CHILDREN = "select * from fold.{kind} where record = %s order by {by}, id limit {most}"
#: The findings of an audit that the reader sees, and the numbers of cases.
FINDINGS = """
select r.* from fold.finding r where r.audit_id = {audit} and {seen}
order by r.raised_at, r.id limit {most}"""
NUMBERS = "select id, number from fold.{kind} where id = any(%s::uuid[])"
#: The rules by which cases do not fit their expected path.
PATH_RULES = {
    Misfit.skipped: IrregularityRule.skipped_step,
    Misfit.doubled: IrregularityRule.doubled_step,
    Misfit.out_of_order: IrregularityRule.out_of_order,
    Misfit.late: IrregularityRule.late_step,
}


@dataclass(frozen=True, slots=True)
class CaseSelection:
    """The cases of a team and a process that ended from `begin` and before `end`, as the log had them at
    `position`.
    """

    process: str
    team_id: UUID
    begin: datetime
    end: datetime
    position: int


@dataclass(frozen=True, slots=True)
class CaseIrregularity:
    """Something irregular in a case: the rule that found it, the position of the event that shows it, and the
    step of the expected path that the rule is about, where it is about one.
    """

    about: str
    rule: IrregularityRule
    position: int
    step: str | None = None


async def selected_cases(
    read: Reading, kinds: Mapping[str, RecordKind[Any]], selection: CaseSelection
) -> list[str]:
    """Return the streams of the selected cases in their order, as read by `read`; empty for a process whose
    cases are not records with a team.
    """
    kind = kinds.get(selection.process)
    if kind is None or not kind.lookup.ended or "team_id" not in kind.record.model_fields:
        return []
    parameters = {
        "team": selection.team_id,
        "begin": selection.begin,
        "end": selection.end,
        "position": selection.position,
        "ended": [state.value for state in kind.lookup.ended],
    }
    return [row["stream"] for row in await read(CASES.format(kind=kind.kind), parameters)]


async def irregularities(
    read: Reading, kind: RecordKind[Any], approvals: list[str], cases: list[str], position: int
) -> list[CaseIrregularity]:
    """Return what is irregular in the cases, as the log had it at the position, case by case. `approvals` are
    the types of events by which somebody judges what another has made.
    """
    parameters = {
        "cases": cases,
        "position": position,
        "ended": [state.value for state in kind.lookup.ended],
        "approvals": approvals,
    }
    return [
        CaseIrregularity(row["stream"], IrregularityRule(row["rule"]), row["position"])
        for row in await read(IRREGULAR, parameters)
    ]


async def path_irregularities(
    read: Reading, kind: RecordKind[Any], cases: list[str], by_path: IrregularCases, position: int
) -> list[CaseIrregularity]:
    """Return where the log up to the position shows what conformance has found in those of its cases that are
    among `cases`, case by case.
    """
    selected = set(cases)
    rows = [
        (stream(case.kind, case.case_id), PATH_RULES[broken.rule], broken.step)
        for case in by_path.cases
        for broken in case.irregularities
    ]
    rows = [row for row in rows if row[0] in selected]
    if not rows:
        return []
    parameters = {
        "cases": [about for about, _, _ in rows],
        "rules": [rule.value for _, rule, _ in rows],
        "steps": [step for _, _, step in rows],
        "position": position,
        "ended": [state.value for state in kind.lookup.ended],
    }
    return [
        CaseIrregularity(row["stream"], IrregularityRule(row["rule"]), row["position"], row["step"])
        for row in await read(SHOWING_EVENTS, parameters)
    ]
