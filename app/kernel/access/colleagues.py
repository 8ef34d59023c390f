"""People and groups that the lead or representative of another party may name although only staff see them:
the people of its team, and the groups in which they represent the business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Caller
from app.common.records import ForeignRef
from app.kernel.access.eligibility import Bind
from app.kernel.access.reads import ReadContext, Unguarded

#: Kinds of teams that are another party than IT.
PARTIES = ("customer", "supplier")
_BY_TEAM = """exists (select from fold.membership m
    join fold.team t on t.id = m.team_id join fold.person p on p.id = m.person_id
  where m.person_id = {person} and (t.lead_id = {me}::uuid or t.id = any({represented}::uuid[]))
    and t.kind = any({parties}) and t.state = 'active' and p.state = 'active' and p.deactivated_at is null)"""
_BY_SEAT = """exists (select from fold.group_member g
  where g.record = 'group/' || r.id and g.side = any({seats}) and {colleague})"""
#: These give no duty, or act for somebody.
_NOT_NAMED = (GivenDuty.recorded, GivenDuty.account)


def colleague_condition(
    kind: str, caller: Caller, bind: Bind, represented: Sequence[UUID] = ()
) -> str | None:
    """Return the condition on the row `r` of a person or a group of being the caller's to name; None: the
    caller can name no records of this kind so. `represented` are teams that the caller represents.
    """
    if caller.person_id is None:
        return None
    words = {
        "me": bind(caller.person_id),
        "represented": bind(list(represented)),
        "parties": bind([*PARTIES]),
    }
    if kind == "person":
        return _BY_TEAM.format(person="r.id", **words)
    if kind == "group":
        colleague = _BY_TEAM.format(person="g.person_id", **words)
        (acceptance,) = GivenDuty.group_acceptance.any_of
        return _BY_SEAT.format(seats=bind(list(acceptance.seats)), colleague=colleague)
    return None


async def may_name(
    reads: ReadContext, caller: Caller, mark: ForeignRef, named: UUID, represented: Sequence[UUID]
) -> bool:
    """Return whether the caller may name that person or group in a reference with this mark, as the lead of
    its people, or because they represent these teams.
    """
    if mark.on_behalf or mark.duty in _NOT_NAMED:
        return False
    parameters: dict[str, Any] = {"named": named}

    def bind(value: Any) -> str:
        parameters[name := f"p{len(parameters)}"] = value
        return f"%({name})s"

    condition = colleague_condition(mark.kind, caller, bind, represented)
    if condition is None:
        return False
    query = f"select 1 from fold.{mark.kind} r where r.id = %(named)s and {condition}"
    guard = Unguarded("Who belonged to the team a moment ago may be named.")
    return await reads.value(query, parameters, guard=guard) is not None
