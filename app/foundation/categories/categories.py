"""Categories: a tree for each process into which its cases are sorted (lifecycle).

active ⇄ retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import Caller, Role
from app.common.records import ForeignRef
from app.foundation.categories.lookups import number_of_categories
from app.foundation.categories.records import Category
from app.foundation.categories.records import CategoryState as State
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_everybody
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Patch, Payload, RecordKey, Reference, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken

MOST_LEVELS = 6
#: Most categories of a process, retired ones included.
MOST_CATEGORIES = 2_000
#: The role that manages the categories of each process, besides administrators.
MANAGERS = {
    "incident": Role.incident_manager,
    "request": Role.service_level_manager,
    "problem": Role.problem_manager,
}
KEEPER = admin | role(*MANAGERS.values()) | rule


class CategoryNames(Payload, of=Category):
    """The names of a category, which may be edited."""

    name_en: ShortText
    name_zh: ShortText


class AddCategory(CategoryNames, of=Category):
    """A category and its place in the tree."""

    process: RecordKey
    key: RecordKey
    parent: Annotated[Reference, ForeignRef("category")] | None = Field(
        default=None, description="Category above this one: an id, or a key if only one process has it."
    )


def add(category: Category, body: AddCategory, ctx: ActionContext) -> None:
    """Add a category, to sort cases into it."""
    parent = ctx.ref(Category, "parent")
    copy_fields(category, body, ctx)
    category.level = 1 if parent is None else (parent.level or 0) + 1
    category.added_at = ctx.occurred_at


async def invalid_category(
    reads: ReadContext, category: Category, body: AddCategory, ctx: ActionContext
) -> None:
    """Refuse if the process is unknown, the caller does not manage its categories, or the tree would exceed
    its bounds.
    """
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or not lifecycle.is_ticket:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if not _may_manage(ctx.caller, body.process):
        raise WrongValue(pointer="/process", because="not_your_process")
    parent = ctx.ref(Category, "parent")
    if parent is not None and parent.process != body.process:
        raise WrongValue(pointer="/parent", because="no_parent")
    if parent is not None and (parent.level or 0) >= MOST_LEVELS:
        raise WrongValue({"most": str(MOST_LEVELS)}, pointer="/parent", because="too_many_levels")
    if await number_of_categories(reads, body.process) >= MOST_CATEGORIES:
        raise WrongValue({"most": str(MOST_CATEGORIES)}, pointer="/process", because="too_many_categories")


def _may_manage(caller: Caller, process: str) -> bool:
    manager = MANAGERS.get(process)
    return caller.is_rule or Role.admin in caller.role_codes or manager in caller.role_codes


async def of_another_process(reads: ReadContext, category: Category, ctx: ActionContext) -> str | None:
    """Refuse if the caller does not manage the category's process (`not_your_process`)."""
    assert category.process is not None
    return None if _may_manage(ctx.caller, category.process) else "not_your_process"


class EditCategory(Patch, CategoryNames):
    """Fields to change; fields left out stay unchanged."""


def edit(category: Category, body: EditCategory, ctx: ActionContext) -> None:
    """Edit the category: its names."""
    apply_patch(category, body, ctx)


def retire(category: Category, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the category: no more cases are sorted into it. Cases that are in it stay."""


def reinstate(category: Category, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reinstate the category: cases can be sorted into it again."""
    category.retired_at = None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="category", plural="categories", zh="分类", record=Category, access=KindAccess(administrative=True),
    visible=(to_everybody(),),
    lookup=Lookup(retired={State.retired: "category_retired"}),
    rules=Rules(constraints={"category_key_key": ValueTaken("key")}),
    rows=(
        #      action     中文    from             to             who     event
        action(add,       "添加", NEW_RECORD,      State.active,  KEEPER, "category.added",      wrong=(invalid_category,)),
        action(edit,      "编辑", [State.active],  STAYS,         KEEPER, "category.edited",     unless=(of_another_process,)),
        action(retire,    "停用", [State.active],  State.retired, KEEPER, "category.retired",    unless=(of_another_process,)),
        action(reinstate, "恢复", [State.retired], State.active,  KEEPER, "category.reinstated", unless=(of_another_process,)),
    ),
)
# fmt: on
