"""Roles that nobody holds any more, for whose actions alone records wait, or would wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.attention import values
from app.attention.conditions import AttentionCondition, Severity
from app.attention.reading import AttentionReader, lists_of
from app.common.people import Person, Role
from app.foundation.people.succession.duties import KIND_DUTIES
from app.kernel.access.visibility import sees_every_record
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Lifecycle

#: Posts of those who run, check and improve processes: quality managers see to it that somebody has them.
QUALITY_POSTS = frozenset(
    {
        *(Role.process_owner, Role.process_designer, Role.process_supervisor, Role.process_administrator),
        *(Role.committee_member, Role.project_manager, Role.department_head, Role.auditor),
    }
)
#: Roles that were held once and are held by no active person now.
LOST = """
select r.role from unnest(%(roles)s::text[]) as r(role)
where not exists (
  select from fold.person p, unnest(p.roles) held
  where p.state = 'active' and p.deactivated_at is null and p.kind = 'human'
    and split_part(held, '@', 1) = r.role)
and exists (
  select from fold.person p
  join log.told e on e.stream = 'person/' || p.id
  cross join jsonb_array_elements_text(
    case jsonb_typeof(e.data->'set'->e.stream->'roles')
      when 'array' then e.data->'set'->e.stream->'roles' else '[]' end) held
  where split_part(held, '@', 1) = r.role)
order by r.role"""
WAITING = """
select count(*) as records, min(r.changed_at) as since from {table} r where r.state = any(%(states)s)"""
#: States of each kind in which a role waits for nobody else, by role.
WaitingStates = Mapping[Role, Mapping[str, frozenset[str]]]


def states_by_role(lifecycles: Iterable[Lifecycle[Any]]) -> WaitingStates:
    """Return, by role and kind of numbered records, the states which only this role leads on from by some
    action. States in which a record is over do not count.
    """
    states_of_roles: dict[Role, dict[str, set[str]]] = {}
    for lifecycle in (lifecycle for lifecycle in lifecycles if lifecycle.code is not None):
        duties = KIND_DUTIES.get(lifecycle.kind)
        ended = frozenset() if duties is None else duties.ended
        for state in (state for state in lifecycle.states_in_use if state.value not in ended):
            for row in lifecycle.leaving[state]:
                if not row.stays and row.policy.relations <= {Relation.rule} and len(row.policy.roles) == 1:
                    (role,) = row.policy.roles
                    states_of_roles.setdefault(role, {}).setdefault(lifecycle.kind, set()).add(state.value)
    return {
        role: {kind: frozenset(states) for kind, states in kinds.items()}
        for role, kinds in states_of_roles.items()
    }


async def unheld(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the roles that nobody holds any more."""
    return await _unheld(reader, "role_unheld", Role.admin, frozenset(Role))


async def posts_unheld(reader: AttentionReader) -> list[AttentionCondition]:
    """Return the posts of the quality organisation that nobody holds any more."""
    return await _unheld(reader, "post_unheld", Role.quality_manager, QUALITY_POSTS)


async def _unheld(
    reader: AttentionReader, code: str, owner: Role, roles: frozenset[Role]
) -> list[AttentionCondition]:
    ledger, conditions = reader.ledger, list[AttentionCondition]()
    waiting = states_by_role(ledger.lifecycles.values())
    named = sorted(role.value for role in roles & waiting.keys())
    for lost in await ledger.db.rows(LOST, {"roles": named}):
        role = Role(lost["role"])
        counts: dict[str, Mapping[str, Any]] = {}
        for kind, states in sorted(waiting[role].items()):
            query = WAITING.format(table=ledger.lifecycles[kind].table)
            row = await ledger.db.row(query, {"states": sorted(states)})
            counts[kind] = row or {"records": 0, "since": None}
        # Before the first record waits, one sentence names the kind that cannot go on.
        blocked = [kind for kind, row in counts.items() if row["records"]] or [next(iter(counts))]
        for kind in blocked:
            parameters = {"state": ",".join(sorted(waiting[role][kind]))}
            conditions.append(_of_kind(reader, role, kind, parameters, counts[kind], code=code, owner=owner))
    return conditions


def _of_kind(
    reader: AttentionReader,
    role: Role,
    kind: str,
    parameters: Mapping[str, str],
    row: Mapping[str, Any],
    *,
    code: str,
    owner: Role,
) -> AttentionCondition:
    """Return the condition that records of the kind need the role. An administrator grants it on the page of
    people, but does not see the records of every kind.
    """
    ledger, lifecycle = reader.ledger, reader.ledger.lifecycles[kind]
    sees = sees_every_record(reader.caller, lifecycle, agents_see=ledger.settings.agents_see)
    lists = lists_of(lifecycle, parameters)
    people = lists_of(ledger.lifecycles[Person.KIND], {"state": "active"})[1]
    return AttentionCondition(
        code=code,
        severity=Severity.stuck,
        process=kind,
        parameters={
            "role": values.role(role, ledger.role_labels),
            "n": values.number(row["records"]),
            "kinds": values.kinds_of(lifecycle),
        },
        cases=lists[0] if sees else None,
        count=row["records"],
        subject=role.value,
        sentence=None if row["records"] else f"{code}_before",
        desk=lists[1] if sees else people,
        owner=reader.owner_role(owner),
        since=row["since"],
    )
