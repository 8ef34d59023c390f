"""Reads of findings, for the checks of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.governance.findings.records import Finding, FindingKind
from app.kernel.access.reads import ReadContext, Unguarded, Versions
from app.platform.db import Database, Row

# By the index finding_team. The same case shows one fault, however many findings name it. Two of the same
# instant repeat one another in neither direction.
EARLIER = """
select f.id, h.stream, h.version from fold.finding f join log.stream_head h on h.stream = 'finding/' || f.id
where f.team_id = %(team)s and f.process = %(process)s and f.kind = %(kind)s
  and not f.self_found and f.state <> 'withdrawn'
  and not f.evidence && %(evidence)s::text[]
  and f.raised_at < %(at)s and f.raised_at >= %(at)s::timestamptz - interval '12 months'
order by f.raised_at desc, f.id limit 1
"""
# The first of the same day about the same record and person.
FOUND_SINCE = """
select f.number, f.evidence, h.stream, h.version
from fold.finding f join log.stream_head h on h.stream = 'finding/' || f.id
where f.team_id = %(team)s and f.process = %(process)s and f.kind = %(kind)s
  and f.person_id is not distinct from %(person)s and f.state <> 'withdrawn'
  and f.evidence && %(evidence)s::text[] and f.raised_at >= %(since)s
order by f.raised_at, f.id limit 1
"""
# Those that repeat one, and stand.
REPEATING = "select * from fold.finding where repeats_id = %s and state <> 'withdrawn' order by raised_at, id"
# Faults that the team itself found; its measures are not part of this.
FOUND_BY_TEAM = """
select exists (select from fold.self_check_entry
  where record = %s and item in ('deviations', 'design_faults'))"""
# Teams that a case was ever assigned to, by its events.
HAD_CASE = """
select exists (select from log.told e
  where e.stream = %(case)s and e.data->'set'->%(case)s::text->>'team_id' = %(team)s)"""
ASSIGNMENT_STANDS = Unguarded("A case that a team has had remains one that it has had.")
SUBMITTED_ONCE = Unguarded("A self-check is submitted once, and stays as it is.")


async def self_check_names_something(reads: ReadContext, audit: str) -> bool:
    """Return whether the self-check of the audit, a stream, names a deviation or a design fault."""
    return bool(await reads.value(FOUND_BY_TEAM, (audit,), guard=SUBMITTED_ONCE))


async def had_case(reads: ReadContext, case: str, team: UUID) -> bool:
    """Return whether the case, a stream, was ever assigned to the team."""
    parameters = {"case": case, "team": str(team)}
    return bool(await reads.value(HAD_CASE, parameters, guard=ASSIGNMENT_STANDS))


async def found_since(reads: ReadContext, parameters: Mapping[str, Any]) -> Row | None:
    """Return number and evidence of the first finding with these parameters of FOUND_SINCE that stands."""
    return await reads.row(FOUND_SINCE, parameters, guard=Versions())


async def newest_alike(
    reads: ReadContext,
    team: UUID,
    process: str,
    kind: FindingKind,
    evidence: Sequence[str],
    instant: datetime,
) -> UUID | None:
    """Return the newest finding of that process, kind and team in the twelve months before the instant,
    except withdrawn ones, those that the team had found itself, and those with the same evidence.
    """
    parameters = {
        "team": team,
        "process": process,
        "kind": kind.value,
        "evidence": list(evidence),
        "at": instant,
    }
    row = await reads.row(EARLIER, parameters, guard=Versions())
    return None if row is None else row["id"]


async def findings_repeating(db: Database, withdrawn: UUID) -> list[tuple[Finding, UUID | None]]:
    """Return the findings that repeated one that is now withdrawn, each with the one that it still repeats;
    None: it repeats no other.
    """
    repeating = [from_row(Finding, row) for row in await db.rows(REPEATING, (withdrawn,))]
    findings = []
    for finding in repeating:
        assert finding.kind is not None
        parameters = {"team": finding.team_id, "process": finding.process, "kind": finding.kind.value}
        evidence = list(finding.evidence or ())
        row = await db.row(EARLIER, {**parameters, "evidence": evidence, "at": finding.raised_at})
        findings.append((finding, None if row is None else row["id"]))
    return findings
