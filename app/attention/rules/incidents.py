"""Incidents: open major ones, and critical ones that were not acknowledged in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.listings.filters import WhereClause
from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of, pages_of
from app.common.priorities.priority import Priority
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import OPEN, IncidentState

OPEN_STATES = ",".join(sorted(state.value for state in OPEN))
# More majors than this are one sentence, which counts them all.
MOST_LISTED = 100
MAJORS = """
select r.number, r.team_id, r.declared_major_at as since, r.next_update_due_at
from fold.incident r
where r.declared_major_at is not null and r.state = any(%(open)s) and {chosen}
order by r.declared_major_at limit {most}"""
# The most urgent clock of a case in state new is that of its acknowledgement.
UNACKNOWLEDGED = """
select r.number, r.team_id, c.due_at as since
from sla.clock c join fold.incident r on r.id = c.case_id
where c.urgent and c.kind = 'incident' and c.metric = 'response' and c.due_at <= %(now)s
  and r.state = %(new)s and r.priority = %(critical)s and {chosen}
order by c.due_at limit {most}"""


async def open_majors(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the open major incidents."""
    where = WhereClause(parameters={"open": [state.value for state in OPEN]})
    statement = MAJORS.format(chosen=reader.chosen(LIFECYCLE, where), most=MOST_LISTED)
    rows = await reader.ledger.db.rows(statement, where.parameters)
    several = reader.parameters(state=OPEN_STATES, declared_major_after="1970-01-01T00:00:00Z")
    return [_condition(reader, "major_incident", row, several) for row in rows]


async def unacknowledged(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the critical incidents that are past the time by which they were to be acknowledged."""
    where = WhereClause(
        parameters={
            "now": reader.now,
            "new": IncidentState.new.value,
            "critical": Priority.P1.value,
        }
    )
    statement = UNACKNOWLEDGED.format(chosen=reader.chosen(LIFECYCLE, where), most=MOST_LISTED)
    rows = await reader.ledger.db.rows(statement, where.parameters)
    narrow = {"state": IncidentState.new.value, "priority": Priority.P1.value, "due_within": "0"}
    several = {**reader.parameters(), **narrow}
    return [_condition(reader, "incident_unacknowledged", row, several) for row in rows]


def _condition(
    reader: AttentionReader, code: str, row: Mapping[str, Any], several: Mapping[str, str]
) -> AttentionCondition:
    cases, desk = pages_of(LIFECYCLE, row["number"])
    several_cases, several_desk = lists_of(LIFECYCLE, several)
    owner = reader.owner_team(row["team_id"])
    parameters = {
        "case": values.record(row["number"], cases),
        "age": values.duration((reader.now - row["since"]).total_seconds()),
        "since": values.moment(row["since"], reader.zone),
    }
    if owner is not None:
        parameters["team"] = values.named(owner.id, owner.names, f"/v1/teams/{owner.id}")
    return AttentionCondition(
        code=code,
        severity=Severity.now,
        process=LIFECYCLE.kind,
        parameters=parameters,
        sentence=code if owner is not None else f"{code}_without_team",
        cases=cases,
        count=1,
        subject=row["number"],
        desk=desk,
        owner=owner,
        since=row["since"],
        due_at=row["since"],
        folds=True,
        several=several_cases,
        several_desk=several_desk,
    )
