"""Checklists: made once, then put on tickets as tasks (`app/ticketing/tasks.py`).

active ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import SEE_EVERYTHING
from app.foundation.checklists.records import Checklist
from app.foundation.checklists.records import ChecklistState as State
from app.foundation.editing import take
from app.kernel.bodies import LONGEST_LIST, Body, Few, Key, Line, Nothing, Part, Patch, Title
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule


class ChecklistItem(Part):
    """Something to be done."""

    title_en: Title = Field(description="What, in a line, in English. Name no persons here.")
    title_zh: Title = Field(description="The same in Chinese.")


Items = Annotated[tuple[ChecklistItem, ...], Few]


class AddChecklist(Body):
    """What is to be done again and again."""

    key: Key = Field(description="What it is called in addresses; unique, and never changed.")
    process: Key = Field(description="The kind of the tickets that it is for, as `incident`.")
    title_en: Line = Field(description="What people call it, in English.")
    title_zh: Line = Field(description="What people call it, in Chinese.")
    items: Items = Field(min_length=1, max_length=LONGEST_LIST, description="What is to be done, in order.")


def add(checklist: Checklist, body: AddChecklist, at: Moment) -> None:
    """It can be put on tickets of its process."""
    checklist.key = body.key
    checklist.process = body.process
    checklist.title_en = body.title_en
    checklist.title_zh = body.title_zh
    checklist.items = [item.model_dump() for item in body.items]
    checklist.added_at = at.occurred_at


async def has_tasks(look: Look, checklist: Checklist, body: AddChecklist, at: Moment) -> None:
    """Records of that process can have tasks."""
    lifecycle = look.lifecycles.get(body.process)
    if lifecycle is None or "apply_checklist" not in lifecycle.by_name:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")


class EditChecklist(Patch):
    """What is otherwise than it was."""

    title_en: Line = Field(default_factory=str, description="What people call it now, in English.")
    title_zh: Line = Field(default_factory=str, description="What people call it now, in Chinese.")
    items: Items = Field(default=(), max_length=LONGEST_LIST, description="All that is to be done now.")


def edit(checklist: Checklist, body: EditChecklist, at: Moment) -> None:
    """It is called otherwise, or other things are to be done; tickets that it was put on keep their tasks."""
    take(checklist, body, at, but=("items",))
    if "items" in body.model_fields_set:
        checklist.items = [item.model_dump() for item in body.items]


async def something_to_do(look: Look, checklist: Checklist, body: EditChecklist, at: Moment) -> None:
    """There is something to be done."""
    if "items" in body.model_fields_set and not body.items:
        raise WrongValue({"min_length": "1"}, pointer="/items", because="too_short")


def retire(checklist: Checklist, body: Nothing, at: Moment) -> None:
    """It is put on tickets no more; tickets that it was put on keep their tasks."""
    checklist.retired_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="checklist", plural="checklists", zh="检查清单", record=Checklist, states=State,
    audience=lambda checklist: (STAFF,), sees_all=SEE_EVERYTHING, columns={"staff": ()},
    retired={State.retired: "checklist_retired"},
    constraints={"checklist_key_key": Taken("key")},
    rows=(
        #      action  中文    from            to             who           event
        action(add,    "添加", FROM_NOTHING,   State.active,  admin | rule, "checklist.added",   wrong=(has_tasks,)),
        action(edit,   "编辑", [State.active], STAYS,         admin | rule, "checklist.edited",  wrong=(something_to_do,)),
        action(retire, "停用", [State.active], State.retired, admin | rule, "checklist.retired"),
    ),
)
# fmt: on
