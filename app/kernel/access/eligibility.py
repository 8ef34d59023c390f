"""Eligibility for duties (`app.common.duties`): of one person, team or group for a record, and as a condition
of lists, by the same SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any
from uuid import UUID

from app.common.duties import BUSINESS_ROLES, STAFF, Eligible, GivenDuty
from app.common.people import STAFF_ROLES, PersonKind
from app.kernel.access.reads import ReadContext, Unguarded

#: Binds a value to a statement, and returns its placeholder.
Bind = Callable[[Any], str]

_MEMBER = """exists (select 1 from fold.membership m join fold.team t on t.id = m.team_id
  where m.person_id = r.id and t.kind = any({kinds}))"""
_HOLDS = (
    """exists (select 1 from unnest(r.roles) held where split_part(held, '@', 1) = any({roles}){scope})"""
)
# Within the parentheses, `r` is the person who is seated.
_SEATED = """'group/' || r.id in (select m.record from fold.group_member m
    join fold.person r on r.id = m.person_id
  where m.side = any({seats}) and r.kind = 'human'
    and r.state = 'active' and r.deactivated_at is null and ({of_the_business}))"""
#: Somebody works in the team: an active person, not a machine.
STAFFED = """exists (select 1 from fold.membership m join fold.person p on p.id = m.person_id
  where m.team_id = {team} and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null)"""
_HEADS = """({team} is null or exists (select 1 from fold.team t
  left join fold.person lead on lead.id = t.lead_id
  where t.id = {team} and (r.id in (t.lead_id, lead.manager_id)
    or exists (select 1 from log.told e where e.stream = 'team/' || t.id
      and e.data->'set'->e.stream->>'lead_id' = r.id::text)
    or exists (select 1 from unnest(r.roles) held where split_part(held, '@', 1) = 'department_head'
      and (split_part(held, '@', 2) in ('', 'team/' || t.id) or held like '%%@process/%%')))))"""
_STAFF = sorted(role.value for role in STAFF_ROLES)
_ROLES_OF_IT = sorted({*_STAFF} - {*BUSINESS_ROLES})


def eligible_condition(
    kind: str, duty: GivenDuty, bind: Bind, scopes: Sequence[str] | None = None
) -> str | None:
    """Return the condition on the row `r` of a person, team or group of being eligible, active or not; None:
    all are. `scopes` are those of the record in roles (`team/<id>`); None: a role counts in every scope.
    """
    conditions = [_option_condition(kind, option, bind, scopes) for option in duty.any_of]
    suits = f"({' or '.join(conditions)})" if conditions else None
    if kind != "person" or duty in (GivenDuty.account, GivenDuty.recorded):
        return suits
    human = f"r.kind = {bind(PersonKind.human.value)}"
    return human if suits is None else f"{human} and {suits}"


def _option_condition(kind: str, option: Eligible, bind: Bind, scopes: Sequence[str] | None) -> str:
    parts = []
    if option.sides and kind == "team":
        parts.append(f"r.kind = any({bind(list(option.sides))})")
    elif option.sides:
        sides = [_side_condition(side, option, bind, scopes) for side in option.sides]
        parts.append(f"({' or '.join(sides)})")
    if option.grades:
        parts.append(f"r.grade = any({bind(list(option.grades))})")
    if option.roles:
        roles = sorted({*_STAFF} - {*option.independent}) if option.roles == STAFF else option.roles
        parts.append(_holds(roles, bind, scopes))
    if option.seats:
        business = _side_condition("customer", option, bind, scopes)
        parts.append(_SEATED.format(seats=bind(list(option.seats)), of_the_business=business))
    if option.own:
        internal, supplier = (_MEMBER.format(kinds=bind([side])) for side in ("internal", "supplier"))
        parts.append(f"({internal} or not {supplier})")
    if option.staffed:
        parts.append(STAFFED.format(team="r.id"))
    return " and ".join(parts)


def _side_condition(side: str, option: Eligible, bind: Bind, scopes: Sequence[str] | None) -> str:
    member = _MEMBER.format(kinds=bind([side]))
    if side == "internal" and option.independent:
        working = sorted({*_STAFF} - {*option.independent})
        is_independent = _holds(option.independent, bind, None)
        works = f"({_holds(working, bind, None)} or not {is_independent})"
        return f"{_holds(working, bind, scopes)} or {member} and {works}"
    if side == "internal":
        return f"{_holds(_STAFF, bind, scopes)} or {member}"
    if side == "customer":
        of_others = _MEMBER.format(kinds=bind(["internal", "supplier"]))
        return f"({member} or not {of_others}) and not {_holds(_ROLES_OF_IT, bind, None)}"
    return member


def _holds(roles: Sequence[str], bind: Bind, scopes: Sequence[str] | None) -> str:
    scope = (
        ""
        if scopes is None
        else f" and (held not like '%%@%%' or split_part(held, '@', 2) = any({bind(list(scopes))}))"
    )
    return _HOLDS.format(roles=bind(list(roles)), scope=scope)


def holds_role_in(column: str) -> str:
    """Return the condition on the person `r` of holding the role in that column, in any scope; without a
    value, nobody needs any.
    """
    return f"({column} is null or {column} = any(select split_part(held, '@', 1) from unnest(r.roles) held))"


def heads_team(team: str) -> str:
    """Return the condition on the person `r` of heading the team of that SQL: they lead the team, or led it
    once, manage its lead, or head its department; the same as when a head is named. Without a team, all do.
    """
    return _HEADS.format(team=team)


async def is_eligible(
    reads: ReadContext,
    kind: str,
    named: UUID,
    duty: GivenDuty,
    scopes: Sequence[str] | None,
    *,
    role: str | None = None,
    team: UUID | None = None,
) -> bool:
    """Return whether the person, team or group of that id is eligible for the duty in a record of these
    scopes; None: in any. `role`: the person needs it besides; `team`: they head it besides.
    """
    parameters: dict[str, Any] = {"named": named}

    def bind(value: Any) -> str:
        parameters[name := f"p{len(parameters)}"] = value
        return f"%({name})s"

    condition = eligible_condition(kind, duty, bind, scopes)
    conditions = [] if condition is None else [condition]
    if role is not None:
        conditions.append(_holds([role], bind, scopes))
    if team is not None:
        conditions.append(heads_team(f"{bind(team)}::uuid"))
    if not conditions:
        return True
    query = f"select 1 from fold.{kind} r where r.id = %(named)s and {' and '.join(conditions)}"
    guard = Unguarded("Who was eligible a moment ago may be named; doctor lists them.")
    return await reads.value(query, parameters, guard=guard) is not None


async def eligible_persons(reads: ReadContext, persons: Collection[UUID], duty: GivenDuty) -> set[UUID]:
    """Return those of the persons who are eligible for the duty in a record of any scope."""
    parameters: dict[str, Any] = {"persons": list(persons)}

    def bind(value: Any) -> str:
        parameters[name := f"p{len(parameters)}"] = value
        return f"%({name})s"

    condition = eligible_condition("person", duty, bind) or "true"
    query = f"select r.id from fold.person r where r.id = any(%(persons)s::uuid[]) and {condition}"
    guard = Unguarded("People who were eligible a moment ago may act; doctor lists them.")
    return {row["id"] for row in await reads.rows(query, parameters, guard=guard)} if persons else set()


def scopes_of(record: Any, body: object, named_team: UUID | None) -> list[str]:
    """Return the scopes of roles that cover the record, with the team, the service and the process that the
    payload names for it.
    """
    teams = {getattr(record, "team_id", None), named_team} - {None}
    services = {getattr(each, "service", None) for each in (record, body)} - {None}
    concerned = {getattr(record, "concerned_process", None), getattr(body, "process", None)} - {None}
    return [
        *(f"team/{team}" for team in teams),
        *(f"service/{key}" for key in services),
        *(f"process/{process}" for process in {record.KIND, *concerned}),
    ]
