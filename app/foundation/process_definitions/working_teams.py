"""Internal teams that work with a process: by its definition and its recent cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.kernel.access.reads import ReadContext, Unguarded

# Internal teams with a recent case of a process; the indexes on teams answer it.
TEAMS_WITH_CASES = """
select t.id from fold.team t where t.kind = 'internal' and t.state = 'active' and exists (
  select from {table} r where r.team_id = t.id and r.changed_at >= %(since)s{further})
order by t.key"""
# The edition in force, or else the latest that is not retired.
DEFINITION = """
select 'process_definition/' || id as stream, executor_id, owner_id from fold.process_definition
where process = %s and state <> 'retired'
order by (state = 'published') desc, drafted_at desc limit 1"""
TEAMS_OF_PERSON = """
select t.id from fold.team t join fold.membership m on m.team_id = t.id
where m.person_id = %s and t.kind = 'internal' and t.state = 'active' order by t.key"""

#: Cases that changed so recently count.
YEAR = timedelta(days=366)
GUARD = Unguarded("Teams that get cases meanwhile had none when it was decided.")


async def definition_of(reads: ReadContext, process: str) -> Mapping[str, Any] | None:
    """Return the stream, executor and owner of the process's definition, if it has one."""
    return await reads.row(DEFINITION, (process,), guard=GUARD)


async def teams_of_person(reads: ReadContext, person: UUID | None) -> list[UUID]:
    """Return the active internal teams of the person."""
    return [row["id"] for row in await reads.rows(TEAMS_OF_PERSON, (person,), guard=GUARD)]


async def teams_of_process(
    reads: ReadContext, process: str, definition: Mapping[str, Any] | None, now: datetime
) -> list[UUID]:
    """Return the teams of the executor and those with recent cases, each once."""
    teams = []
    if definition is not None and definition["executor_id"] is not None:
        teams += await teams_of_person(reads, definition["executor_id"])
    teams += await teams_with_cases(reads, process, {"since": now - YEAR})
    return list(dict.fromkeys(teams))


async def teams_with_cases(
    reads: ReadContext, process: str, parameters: Mapping[str, Any], further: str = ""
) -> list[UUID]:
    """Return the teams with a case of the process since `parameters["since"]` that meets `further`."""
    lifecycle = reads.lifecycles.get(process)
    if lifecycle is None or "team_id" not in lifecycle.record.model_fields:
        return []
    query = TEAMS_WITH_CASES.format(table=lifecycle.table, further=further.format(kind=process))
    return [row["id"] for row in await reads.rows(query, parameters, guard=GUARD)]
