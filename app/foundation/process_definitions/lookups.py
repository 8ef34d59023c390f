"""Reads of definitions of processes: which one is in force, the path that cases are expected to take, and
which teams work with a process, and what freezes a definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.foundation.process_definitions.expected_paths import SHIPPED_PATHS, ExpectedPath, PathStep
from app.foundation.process_definitions.records import ProcessDefinition
from app.foundation.process_names import PROCESS_KINDS, process_named, spellings_of
from app.kernel.access.reads import ReadContext, Reading, Unguarded, Versions

#: Cases that changed so recently show which teams work with a process.
RECENT_CASES = timedelta(days=366)
#: So many names that are written alike are shown at most.
MOST_NEAR = 3
# The newest edition that has taken effect by then is in force: one that a later edition replaced before that
# never is. By the index process_definition_process.
IN_FORCE = """
select distinct on (d.process) d.* from fold.process_definition d
where d.process = any(%(processes)s) and d.effective_at <= %(instant)s
  and (%(position)s::bigint is null or exists (
    select 1 from log.event e where e.stream = 'process_definition/' || d.id
      and e.type = 'process_definition.published' and e.position <= %(position)s))
order by d.process, d.edition desc
"""
# Those that are in force or will be: the newest published edition of each process.
PUBLISHED = """
select d.* from fold.process_definition d where d.state = 'published' order by d.level, d.process
"""
UNDEFINED_IN_A_FREEZE = """
select not exists (select from fold.process_definition d where d.process = %(process)s) and exists (
  select from fold.improvement i
  where i.cutover_at is not null and i.optimised_at is null and i.reverted_at is null)"""
# The process that a published definition calls so: by its name, its title, its number, or another name.
# Case, width, blanks and punctuation make no other name.
_FOLDED = r"regexp_replace(lower(normalize({}, NFKC)), '[\s_.,;:/()·–—-]+', '', 'g')"
DEFINED_NAME = f"""
select d.process from fold.process_definition d
where d.state = 'published' and {_FOLDED.format("%(name)s")} in (
  select {_FOLDED.format("spelling")}
  from unnest(array[d.process, d.title, d.number] || coalesce(d.aliases, '{{}}')) spelling)
order by lower(d.process) = lower(%(name)s) desc, d.process limit 1
"""
# All names, in small letters, of the processes that are called so; an older edition means its process, too.
DEFINED_SPELLINGS = """
select distinct lower(spelling) as spelling
from fold.process_definition d, unnest(array[d.process, d.title] || coalesce(d.aliases, '{}')) spelling
where d.state = 'published' and d.process in (
  select named.process from fold.process_definition named
  where lower(named.number) = any(%(names)s) or named.id::text = any(%(names)s)
    or (named.state = 'published' and (
      lower(named.process) = any(%(names)s) or lower(named.title) = any(%(names)s)
      or exists (select from unnest(named.aliases) alias where lower(alias) = any(%(names)s)))))
"""
# Names in use, by the kinds of the records that use them.
NAMES_IN_USE = """
select process as name, kind, count(*) as uses from (
  select process, 'improvement_suggestion' as kind from fold.improvement_suggestion
  union all select process, 'improvement' from fold.improvement
  union all select process, 'training' from fold.training
  union all select process, 'licence' from fold.licence
  union all select process, 'process_change' from fold.process_change
  union all select process, 'process_assessment' from fold.process_assessment
  union all select process, 'audit' from fold.audit
  union all select process, 'finding' from fold.finding
  union all select process, 'corrective_action' from fold.corrective_action
  union all select process, 'risk' from fold.risk
  union all select parent, 'process_definition' from fold.process_definition
    where state <> all('{superseded,retired}')
  union all select taking->>'process', 'process_definition'
    from fold.process_definition, jsonb_array_elements(interfaces) taking
    where state <> all('{superseded,retired}')
) used where process is not null group by process, kind order by process, kind
"""
EDITIONS = """
select d.*, h.stream as its_stream, h.version as its_version
from fold.process_definition d join log.stream_head h on h.stream = 'process_definition/' || d.id
where d.process = %s and d.edition is not null order by d.edition
"""
EDITIONS_GUARD = Versions(stream="its_stream", version="its_version")
FROZEN_BY = """
select i.number, h.stream, h.version from fold.improvement i
join log.stream_head h on h.stream = 'improvement/' || i.id
where (lower(i.process) = any(%(names)s) or lower(i.process) in (
    select lower(alias) from fold.process_definition d, unnest(d.aliases) alias
    where d.state = 'published' and lower(d.process) = any(%(names)s))) and i.id is distinct from %(besides)s
  and i.cutover_at is not null and i.optimised_at is null and i.reverted_at is null
order by i.number limit 1"""
# Internal teams with a recent case of a process; the indexes on teams answer it.
TEAMS_WITH_CASES = """
select t.id from fold.team t where t.kind = 'internal' and t.state = 'active' and exists (
  select from {table} r where r.team_id = t.id and r.changed_at >= %(since)s{further})
order by t.key"""
# The edition in force, or else the latest that is not retired.
LATEST_DEFINITION = """
select 'process_definition/' || id as stream, executor_id, owner_id from fold.process_definition
where process = %s and state <> 'retired'
order by (state = 'published') desc, drafted_at desc limit 1"""
# A checklist in use by its key or one of its titles; that of another kind of tickets is none of the process.
CHECKLIST = """
select exists (select from fold.checklist c where c.state = 'active'
  and lower(%(name)s) in (lower(c.key), lower(c.title_en), lower(c.title_zh))
  and (c.process = %(process)s or not %(is_kind)s))"""
TEAMS_OF_PERSON = """
select t.id from fold.team t join fold.membership m on m.team_id = t.id
where m.person_id = %s and t.kind = 'internal' and t.state = 'active' order by t.key"""
WORKING_TEAMS = Unguarded("Teams that get cases meanwhile had none when it was decided.")


async def editions_of(reads: ReadContext, process: str) -> list[ProcessDefinition]:
    """Return the editions of the process's definition that were published so far, the newest last. A command
    that relies on one is decided again if it changes.
    """
    rows = await reads.rows(EDITIONS, (process,), guard=EDITIONS_GUARD)
    return [from_row(ProcessDefinition, row) for row in rows]


async def definitions_in_force(
    read: Reading, processes: Iterable[str], instant: datetime, position: int | None = None
) -> dict[str, ProcessDefinition]:
    """Return the definitions of the processes that are in force at that time, by process; processes without
    one are left out. `position`: as the log was there, without later publications.
    """
    parameters = {"processes": list(processes), "instant": instant, "position": position}
    rows = await read(IN_FORCE, parameters)
    return {
        row["process"]: from_row(ProcessDefinition, row)
        for row in rows
        if row["retired_at"] is None or instant < row["retired_at"]
    }


async def published_definitions(read: Reading) -> list[ProcessDefinition]:
    """Return the published definition of each process, those of the higher levels first."""
    return [from_row(ProcessDefinition, row) for row in await read(PUBLISHED, None)]


@dataclass(frozen=True, slots=True)
class UnmatchedName:
    """A name of a process that no definition has: how often each kind of record uses it, and the names of
    processes that are written like it.
    """

    name: str
    uses: Mapping[str, int]
    near: Sequence[str]


async def unmatched_names(read: Reading) -> list[UnmatchedName]:
    """Return the names of processes in use that are neither a process of ours nor have a published
    definition.
    """
    defined = await published_definitions(read)
    spellings = {spelling: kind for kind in PROCESS_KINDS for spelling in spellings_of(kind)}
    for definition in defined:
        names = (definition.process, definition.title, *(definition.aliases or ()))
        spellings |= {name.casefold(): str(definition.process) for name in names if name}
    uses: dict[str, dict[str, int]] = {}
    for row in await read(NAMES_IN_USE, None):
        if row["name"].casefold() not in spellings:
            uses.setdefault(row["name"], {})[row["kind"]] = row["uses"]
    return [UnmatchedName(name, counts, _near(name, spellings)) for name, counts in sorted(uses.items())]


def _near(name: str, spellings: Mapping[str, str]) -> list[str]:
    alike = get_close_matches(name.casefold(), spellings, n=MOST_NEAR)
    return list(dict.fromkeys(spellings[spelling] for spelling in alike))


async def expected_path_of(
    read: Reading, process: str, instant: datetime, position: int | None = None
) -> ExpectedPath | None:
    """Return the path that cases of the process are expected to take at that time: of the definition in force
    (as the log was at `position`), where it has one, else the shipped one; None: there is neither.
    """
    process = process_named(process)
    definition = (await definitions_in_force(read, [process], instant, position)).get(process)
    if definition is None or not definition.expected_path:
        return SHIPPED_PATHS.get(process)
    return ExpectedPath(process, path_steps(definition.expected_path), definition.number)


def path_steps(stored: Iterable[dict[str, Any]]) -> tuple[PathStep, ...]:
    """Return the steps of a path as a definition holds them."""
    return tuple(PathStep(**step) for step in stored)


async def may_hide_a_freeze(reads: ReadContext, process: str) -> bool:
    """Return whether some process is frozen, and this one has no definition: another name for it, perhaps."""
    guard = Unguarded("What is defined or frozen meanwhile was not when the process was named.")
    is_hidden: bool = await reads.value(UNDEFINED_IN_A_FREEZE, {"process": process}, guard=guard)
    return is_hidden


async def freezing_improvement(reads: ReadContext, process: str, besides: UUID | None = None) -> str | None:
    """Return the number of an improvement of the process, other than `besides`, that has cut over and is not
    optimised yet, so that the definition of the process is frozen, or None.
    """
    parameters = {"names": spellings_of(process), "besides": besides}
    row = await reads.row(FROZEN_BY, parameters, guard=Versions())
    return None if row is None else str(row["number"])


async def definition_of(reads: ReadContext, process: str) -> Mapping[str, Any] | None:
    """Return the stream, executor and owner of the process's definition, if it has one."""
    return await reads.row(LATEST_DEFINITION, (process,), guard=WORKING_TEAMS)


async def teams_of_person(reads: ReadContext, person: UUID | None) -> list[UUID]:
    """Return the active internal teams of the person."""
    return [row["id"] for row in await reads.rows(TEAMS_OF_PERSON, (person,), guard=WORKING_TEAMS)]


async def teams_of_process(
    reads: ReadContext, process: str, definition: Mapping[str, Any] | None, now: datetime
) -> list[UUID]:
    """Return the teams of the executor and those with recent cases, each once."""
    teams = []
    if definition is not None and definition["executor_id"] is not None:
        teams += await teams_of_person(reads, definition["executor_id"])
    teams += await teams_with_cases(reads, process, {"since": now - RECENT_CASES})
    return list(dict.fromkeys(teams))


async def teams_with_cases(
    reads: ReadContext, process: str, parameters: Mapping[str, Any], further: str = ""
) -> list[UUID]:
    """Return the teams with a case of the process since `parameters["since"]` that meets `further`."""
    lifecycle = reads.lifecycles.get(process)
    if lifecycle is None or "team_id" not in lifecycle.record.model_fields:
        return []
    query = TEAMS_WITH_CASES.format(table=lifecycle.table, further=further.format(kind=process))
    return [row["id"] for row in await reads.rows(query, parameters, guard=WORKING_TEAMS)]
