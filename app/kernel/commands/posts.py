"""Whether a caller acts by a post in the record for which they are no longer eligible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.common.records import ForeignRef, Record
from app.kernel.access.kinds import RecordKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import ActorPolicy, ProcessRelation, Relation
from app.kernel.actions.held_duties import fits_duty
from app.kernel.actions.payloads import marks

#: Relations of any process by a field that gives a duty.
_FIELDS = {Relation.assignee: ("assignee_id",)}


async def is_outgrown(reads: ReadContext, policy: ActorPolicy, record: Record, caller: Caller) -> bool:
    """Return whether the caller may act only by being named in the record or its child records, for duties
    for which they are no longer eligible.
    """
    if caller.is_rule or caller.person_id is None:
        return False
    children = _children_by_kind(reads.lifecycles[record.KIND])
    named = {
        relation: places
        for relation, all_places in _places(policy, reads.lifecycles[record.KIND])
        if (places := _naming(all_places, record, caller.person_id))
    }
    if not named or replace(policy, relations=policy.relations - named.keys()).allows(caller, record):
        return False
    is_named = False
    for kind, field in {place for places in named.values() for place in places}:
        rows: list[Any] = [record]
        if kind != record.KIND:
            rows = await reads.children(children[kind], record, **{field: caller.person_id})
        for row in rows:
            mark = marks(type(row), ForeignRef).get(field)
            duty = None if mark is None else mark.duty
            if duty is None or await fits_duty(reads, row, field, duty, caller.person_id):
                return False
            is_named = True
    return is_named


@cache
def _children_by_kind(lifecycle: RecordKind[Any]) -> Mapping[str, type[Record]]:
    return {child.KIND: child for child in lifecycle.children}


@cache
def _places(
    policy: ActorPolicy, lifecycle: RecordKind[Any]
) -> tuple[tuple[Relation | ProcessRelation, tuple[tuple[str, str], ...]], ...]:
    """Return, for each relation whose holders the record or its child records name, the kinds and fields that
    name them.
    """
    children = _children_by_kind(lifecycle)
    relation_places = []
    for relation in policy.relations:
        if isinstance(relation, Relation):
            places = tuple((lifecycle.kind, name) for name in _FIELDS.get(relation, ()))
        else:
            places = tuple((lifecycle.kind, name) for name in relation.fields) + relation.named_in
        if places and all(kind == lifecycle.kind or kind in children for kind, _ in places):
            relation_places.append((relation, places))
    return tuple(relation_places)


def _naming(places: tuple[tuple[str, str], ...], record: Record, person: UUID) -> tuple[tuple[str, str], ...]:
    """Return the places without the record's own fields that do not name the person."""
    return tuple(
        (kind, name) for kind, name in places if kind != record.KIND or getattr(record, name, None) == person
    )
