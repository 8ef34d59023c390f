"""Which child records a record has, for the checks of all its actions at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.common.records import ChildRecord, ChildRef, Record
from app.kernel.access.kinds import RecordKind
from app.platform.db import Database


@dataclass(frozen=True, slots=True)
class PresentChildren:
    """Which child records the record has, of those that were asked for: by their kind or, for marks that
    leave out those that are over, by the kind and the field that says so.
    """

    record: Record
    conditions: frozenset[str] = frozenset()
    met_conditions: frozenset[str] = frozenset()

    def lacks(self, child: type[Record], parent: Record) -> bool:
        """Return whether it is known that this record has no child records of that class."""
        return parent is self.record and child.KIND in self.conditions - self.met_conditions

    def has_children(self, marked: Iterable[ChildRef]) -> bool:
        """Return whether there is a child record for each of the marks."""
        return all(_condition(mark) in self.met_conditions for mark in marked)


async def present_children(
    db: Database, kind: RecordKind[Any], marked: tuple[ChildRef, ...], record: Record
) -> PresentChildren:
    """Return which child records the record has: of each class, and of those that each `ChildRef` means. One
    statement serves all answers that are being prepared at once.
    """
    columns = _columns(kind, marked)
    if not columns:
        return PresentChildren(record)
    row = await db.by_id(_statement(kind, marked), record.id)
    assert row is not None
    present = frozenset(condition for condition, column in columns.items() if row[column])
    return PresentChildren(record, frozenset(columns), present)


def no_children(kind: RecordKind[Any], marked: tuple[ChildRef, ...], record: Record) -> PresentChildren:
    """Return the same of a record that is known to have no child records."""
    return PresentChildren(record, frozenset(_columns(kind, marked)))


@cache
def _columns(kind: RecordKind[Any], marked: tuple[ChildRef, ...]) -> Mapping[str, str]:
    """Return, by their conditions, the columns that say whether the record has such child records."""
    # Memberships are on the stream of a person, and are no child records.
    children = [child.KIND for child in kind.children if issubclass(child, ChildRecord)]
    conditions = dict.fromkeys((*children, *(_condition(mark) for mark in marked)))
    return {condition: f"c{n}" for n, condition in enumerate(conditions)}


@cache
def _statement(kind: RecordKind[Any], marked: tuple[ChildRef, ...]) -> str:
    columns = []
    for condition, column in _columns(kind, marked).items():
        child, _, unset = condition.partition(" ")
        still_there = f" and {unset} is null" if unset else ""
        exists = f"exists (select from fold.{child} where record = '{kind.kind}/' || a.id{still_there})"
        columns.append(f"{exists} as {column}")
    return f"select a.id, {', '.join(columns)} from unnest(%s::uuid[]) as a(id)"


def _condition(mark: ChildRef) -> str:
    return f"{mark.row.KIND} {mark.unset}" if mark.unset else mark.row.KIND
