"""SQL that finds the teams that a change of a process concerns."""

from __future__ import annotations

#: Internal teams with a recent case of a process; the indexes on teams answer it.
TEAMS_WITH_CASES = """
select t.id from fold.team t where t.kind = 'internal' and t.state = 'active' and exists (
  select from {table} r where r.team_id = t.id and r.changed_at >= %s)
order by t.key"""
#: The edition in force, or else the latest that is not retired.
DEFINITION = """
select executor_id, owner_id from fold.process_definition where process = %s and state <> 'retired'
order by (state = 'published') desc, drafted_at desc limit 1"""
TEAMS_OF_PERSON = """
select t.id from fold.team t join fold.membership m on m.team_id = t.id
where m.person_id = %s and t.kind = 'internal' and t.state = 'active' order by t.key"""
