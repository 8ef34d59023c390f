"""Redaction of fields for staff only (`StaffOnly`): the one place that decides who sees them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.common.records import Record, StaffOnly
from app.kernel.access.kinds import RecordKind
from app.platform.db import Database

MY_GROUPS = """
select g.id from fold."group" g where g.id = any(%(groups)s) and (g.chair_id = %(me)s
  or exists (select from fold.group_member m where m.record = 'group/' || g.id and m.person_id = %(me)s))
"""


class Viewer(Enum):
    """The relation of a caller to a record that they may see."""

    staff = "staff"
    reviewer = "reviewer"
    other = "other"


def is_withheld(mark: StaffOnly | None, viewer: Viewer) -> bool:
    """Return whether a field with that mark (None: unmarked) is hidden from that viewer."""
    if mark is None or viewer is Viewer.staff:
        return False
    return not (mark.reviewers and viewer is Viewer.reviewer)


def records_of(lifecycle: RecordKind[Any]) -> list[type[Record]]:
    """Return the classes of records on the lifecycle's streams: the record's class and those of its child
    rows.
    """
    return [lifecycle.record, *lifecycle.children]


async def viewers(
    db: Database, lifecycle: RecordKind[Any], caller: Caller, records: Sequence[Any]
) -> list[Viewer]:
    """Return the caller's relation to each of the records, all of that lifecycle. Queries groups at most
    once.

    A reviewer belongs to the group that reviews the record, and is not its requester.
    """
    staff = [caller.is_staff_for(record) for record in records]
    judging = [
        None if of_staff else _judged_by(lifecycle, caller, record)
        for record, of_staff in zip(records, staff, strict=True)
    ]
    groups = {group for group in judging if group is not None}
    mine: set[UUID] = set()
    if groups:
        rows = await db.rows(MY_GROUPS, {"groups": list(groups), "me": caller.person_id})
        mine = {row["id"] for row in rows}
    return [
        Viewer.staff if of_staff else _as_member(group, mine)
        for of_staff, group in zip(staff, judging, strict=True)
    ]


def viewer(lifecycle: RecordKind[Any], caller: Caller, record: Any, groups: Collection[UUID]) -> Viewer:
    """Return the caller's relation to one record, as `viewers` does. `groups`: of those that review, the ones
    that the caller belongs to.
    """
    if caller.is_staff_for(record):
        return Viewer.staff
    return _as_member(_judged_by(lifecycle, caller, record), groups)


def _as_member(group: UUID | None, groups: Collection[UUID]) -> Viewer:
    return Viewer.reviewer if group in groups else Viewer.other


def _judged_by(lifecycle: RecordKind[Any], caller: Caller, record: Any) -> UUID | None:
    """Return the group that reviews the record, if the caller could review it as its member."""
    if (
        lifecycle.access.reviewer_group_field is None
        or caller.person_id is None
        or record.requester_id == caller.person_id
    ):
        return None
    group: UUID | None = getattr(record, lifecycle.access.reviewer_group_field)
    return group
