"""Redaction of fields for staff only (`StaffOnly`): the one place that decides who sees them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.common.records import Hidden, Record, StaffOnly, codecs
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
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
    """Return whether a field with that mark (None: it has none) is hidden from that viewer."""
    if mark is None or viewer is Viewer.staff:
        return False
    return not (mark.reviewers and viewer is Viewer.reviewer)


@cache
def hidden_names(lifecycle: Lifecycle[Any], viewer: Viewer) -> set[str]:
    """Return the fields that are hidden from this viewer, or from every client, by their names in payloads
    and in records.
    """
    of_bodies = [name for row in lifecycle.rows for name in marks(row.body, Hidden)]
    of_bodies += [
        name
        for row in lifecycle.rows
        for name, mark in marks(row.body, StaffOnly).items()
        if is_withheld(mark, viewer)
    ]
    of_rows = [
        name
        for record in records_of(lifecycle)
        for name, codec in codecs(record).items()
        if codec.hidden or is_withheld(codec.withheld, viewer)
    ]
    return {*of_bodies, *of_rows}


def records_of(lifecycle: Lifecycle[Any]) -> list[type[Record]]:
    """Return the classes of records on the lifecycle's streams: its own and those of its child rows."""
    return [lifecycle.record, *lifecycle.children]


async def viewers(
    db: Database, lifecycle: Lifecycle[Any], caller: Caller, records: Sequence[Any]
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
        found = await db.rows(MY_GROUPS, {"groups": list(groups), "me": caller.person_id})
        mine = {row["id"] for row in found}
    return [
        Viewer.staff if of_staff else Viewer.reviewer if group in mine else Viewer.other
        for of_staff, group in zip(staff, judging, strict=True)
    ]


def _judged_by(lifecycle: Lifecycle[Any], caller: Caller, record: Any) -> UUID | None:
    """Return the group that reviews the record, if the caller could review it as its member."""
    if (
        lifecycle.reviewer_group_field is None
        or caller.person_id is None
        or record.requester_id == caller.person_id
    ):
        return None
    group: UUID | None = getattr(record, lifecycle.reviewer_group_field)
    return group
