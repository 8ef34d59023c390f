"""Checklists: templates of tasks that are applied to tickets (`app/ticketing/work/tasks.py`; lifecycle).

active ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.foundation.checklists.records import Checklist
from app.foundation.checklists.records import ChecklistState as State
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    ShortText,
    Title,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken


class ChecklistTask(PayloadPart):
    """A task of a checklist."""

    title_en: Title = Field(description="Task in one line of English, without names of persons.")
    title_zh: Title = Field(description="Task in one line of Chinese, without names of persons.")


ChecklistTasks = Annotated[tuple[ChecklistTask, ...], BoundedList]


class ChecklistTitles(Payload, of=Checklist):
    """The titles of a checklist, which may be edited."""

    title_en: ShortText
    title_zh: ShortText


class AddChecklist(ChecklistTitles, of=Checklist):
    """A checklist of tasks for tickets of a process."""

    key: RecordKey
    process: RecordKey
    items: ChecklistTasks = Field(min_length=1, max_length=LONGEST_LIST)


def add(checklist: Checklist, body: AddChecklist, ctx: ActionContext) -> None:
    """Add a checklist. It can be applied to tickets of its process."""
    copy_fields(checklist, body, ctx, without="items")
    checklist.items = [item.model_dump() for item in body.items]


async def process_without_tasks(
    reads: ReadContext, checklist: Checklist, body: AddChecklist, ctx: ActionContext
) -> None:
    """Refuse if records of the process cannot have tasks."""
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or "apply_checklist" not in lifecycle.action_names:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")


class EditChecklist(Patch, ChecklistTitles, of=Checklist):
    """Fields to change; fields left out stay unchanged."""

    items: ChecklistTasks = Field(default=(), max_length=LONGEST_LIST)


def edit(checklist: Checklist, body: EditChecklist, ctx: ActionContext) -> None:
    """Edit the checklist: its titles or tasks. Tickets to which it was applied keep their tasks."""
    apply_patch(checklist, body, ctx, skip=("items",))
    if "items" in body.model_fields_set:
        checklist.items = [item.model_dump() for item in body.items]


async def checklist_without_items(
    reads: ReadContext, checklist: Checklist, body: EditChecklist, ctx: ActionContext
) -> None:
    """Refuse if the checklist would have no items."""
    if "items" in body.model_fields_set and not body.items:
        raise WrongValue({"min_length": "1"}, pointer="/items", because="too_short")


def retire(checklist: Checklist, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the checklist: it can no longer be applied. Tickets to which it was applied keep their tasks."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="checklist", plural="checklists", zh="检查清单", record=Checklist, access=KindAccess(administrative=True),
    visible=(to_staff(),),
    lookup=Lookup(retired={State.retired: "checklist_retired"}),
    rules=Rules(constraints={"checklist_key_key": ValueTaken("key")}),
    rows=(
        #      action  中文    from            to             who           event
        action(add,    "添加", NEW_RECORD,     State.active,  admin | rule, "checklist.added",  wrong=(process_without_tasks,)),
        action(edit,   "编辑", [State.active], STAYS,         admin | rule, "checklist.edited", wrong=(checklist_without_items,)),
        action(retire, "停用", [State.active], State.retired, admin | rule, "checklist.retired"),
    ),
)
# fmt: on
