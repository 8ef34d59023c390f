"""Posts: duties in a record by which people act without a role. The holder of a post may name every eligible
person in the actions that the post permits, even without seeing the list of people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from app.common.duties import DUTY_KINDS, GivenDuty
from app.common.people import Caller
from app.common.records import ForeignRef
from app.kernel.access.reads import Reading
from app.kernel.actions.actor_policy import ActorPolicy, ProcessRelation, Relation
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks, part_types

#: A field that names the holder of a post: the kind of the record or child record, and the field's name.
PostField = tuple[str, str]
#: Duties of people who stand for the other side, not for the organisation: they give no post.
_OF_OTHERS = frozenset({GivenDuty.business_voice})


def post_fields(lifecycle: Lifecycle[Any], policy: ActorPolicy) -> frozenset[PostField]:
    """Return the fields that name the people allowed by the policy for their posts."""
    fields: set[PostField] = set()
    for relation in policy.relations:
        if relation is Relation.assignee:
            fields.add((lifecycle.kind, "assignee_id"))
        elif isinstance(relation, ProcessRelation):
            fields.update((lifecycle.kind, name) for name in relation.fields)
            fields.update(relation.named_in)
    duties = marks(lifecycle.record, ForeignRef)
    return frozenset(
        (kind, name)
        for kind, name in fields
        if kind != lifecycle.kind or (name in duties and _is_post(duties[name]))
    )


def _is_post(mark: ForeignRef) -> bool:
    return mark.duty is not None and bool(mark.duty.any_of) and mark.duty not in _OF_OTHERS


@cache
def _fields_by_duty(lifecycle: Lifecycle[Any]) -> Mapping[tuple[str, GivenDuty], frozenset[PostField]]:
    """Return, by kind and duty of what is named, the fields of those who may name it by a post."""
    by_duty: dict[tuple[str, GivenDuty], frozenset[PostField]] = {}
    for row in lifecycle.rows:
        if fields := post_fields(lifecycle, row.policy):
            for named in _named_duties(row.body):
                by_duty[named] = by_duty.get(named, frozenset()) | fields
    return by_duty


def _named_duties(model: type[BaseModel]) -> Iterator[tuple[str, GivenDuty]]:
    for mark in marks(model, ForeignRef).values():
        if mark.duty is not None and gives_duty(mark):
            yield mark.kind, mark.duty
    for part in part_types(model).values():
        yield from _named_duties(part)


def gives_duty(mark: ForeignRef) -> bool:
    """Return whether the reference gives a person, a team or a group a duty."""
    return mark.kind in DUTY_KINDS and mark.duty not in (None, GivenDuty.recorded)


async def holds_post(
    read: Reading, lifecycles: Mapping[str, Lifecycle[Any]], caller: Caller, fields: Iterable[PostField]
) -> bool:
    """Return whether one of the fields names the caller in a record in use, or in a child record."""
    if caller.person_id is None or caller.is_machine:
        return False
    values: dict[str, Any] = {"person": caller.person_id}
    conditions = []
    for kind, name in sorted(fields):
        lifecycle = lifecycles.get(kind)
        table, where = f"fold.{kind}", f"r.{name} = %(person)s"
        if lifecycle is not None:
            table = lifecycle.table
            where += f" and r.state = any(%({kind})s)"
            values[kind] = [state.value for state in lifecycle.states_in_use]
        conditions.append(f"exists (select from {table} r where {where})")
    if not conditions:
        return False
    return bool(await read(f"select 1 where {' or '.join(conditions)}", values))


async def may_name_by_post(
    read: Reading, lifecycles: Mapping[str, Lifecycle[Any]], caller: Caller, kind: str, duty: GivenDuty
) -> bool:
    """Return whether the caller holds a post by which records of the kind are named for the duty."""
    fields = {
        field
        for lifecycle in lifecycles.values()
        for field in _fields_by_duty(lifecycle).get((kind, duty), ())
    }
    return await holds_post(read, lifecycles, caller, fields)
