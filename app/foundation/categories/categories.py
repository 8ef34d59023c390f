"""Categories: what the cases of a process are sorted into.

active ⇄ retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import SEE_EVERYTHING, Caller, Role
from app.common.records import Refers
from app.foundation.categories.lookups import number_of_categories
from app.foundation.categories.records import Category
from app.foundation.categories.records import CategoryState as State
from app.foundation.editing import take
from app.kernel.bodies import Body, Key, Line, Nothing, Patch, Reference
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import EVERYBODY
from app.kernel.who import admin, role, rule

MOST_LEVELS = 6
#: So many categories has a process at most, retired ones among them.
MOST_CATEGORIES = 2_000
#: Who keeps the categories of a process besides administrators.
MANAGERS = {
    "incident": Role.incident_manager,
    "request": Role.service_level_manager,
    "problem": Role.problem_manager,
}
KEEPER = admin | role(*MANAGERS.values()) | rule


class AddCategory(Body):
    """A category, and where it stands in the tree."""

    process: Key = Field(description="The kind of its records, as `incident`.")
    key: Key = Field(description="What cases and figures call it; unique in its process, and never changed.")
    name_en: Line = Field(description="What people call it, in English.")
    name_zh: Line = Field(description="What people call it, in Chinese.")
    parent: Annotated[Reference, Refers("category")] | None = Field(
        default=None, description="The category that it is a part of: an id, or a key of one process only."
    )


def add(category: Category, body: AddCategory, at: Moment) -> None:
    """Cases can be sorted into it."""
    parent = at.the(Category, "parent")
    category.process = body.process
    category.key = body.key
    category.name_en = body.name_en
    category.name_zh = body.name_zh
    category.parent_id = None if parent is None else parent.id
    category.level = 1 if parent is None else (parent.level or 0) + 1
    category.added_at = at.occurred_at


async def fits_in_the_tree(look: Look, category: Category, body: AddCategory, at: Moment) -> None:
    """There is such a process, whoever acts keeps its tree, and the tree does not grow beyond its bounds."""
    lifecycle = look.lifecycles.get(body.process)
    if lifecycle is None or lifecycle.code is None:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")
    if not _keeps(at.caller, body.process):
        raise WrongValue(pointer="/process", because="not_your_process")
    parent = at.the(Category, "parent")
    if parent is not None and parent.process != body.process:
        raise WrongValue(pointer="/parent", because="no_parent")
    if parent is not None and (parent.level or 0) >= MOST_LEVELS:
        raise WrongValue({"most": str(MOST_LEVELS)}, pointer="/parent", because="too_many_levels")
    if await number_of_categories(look, body.process) >= MOST_CATEGORIES:
        raise WrongValue({"most": str(MOST_CATEGORIES)}, pointer="/process", because="too_many_categories")


def _keeps(caller: Caller, process: str) -> bool:
    manager = MANAGERS.get(process)
    return caller.is_rule or Role.admin in caller.names or manager in caller.names


async def of_another_process(look: Look, category: Category, at: Moment) -> str | None:
    """The manager of a process keeps its categories, and no others."""
    assert category.process is not None
    return None if _keeps(at.caller, category.process) else "not_your_process"


class EditCategory(Patch):
    """What is otherwise than it was."""

    name_en: Line = Field(default_factory=str, description="What people call it now, in English.")
    name_zh: Line = Field(default_factory=str, description="What people call it now, in Chinese.")


def edit(category: Category, body: EditCategory, at: Moment) -> None:
    """It is called otherwise."""
    take(category, body, at)


def retire(category: Category, body: Nothing, at: Moment) -> None:
    """No new case is sorted into it; those that are stay."""
    category.retired_at = at.occurred_at


def reinstate(category: Category, body: Nothing, at: Moment) -> None:
    """Cases can be sorted into it again."""
    category.retired_at = None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="category", plural="categories", zh="分类", record=Category, states=State,
    audience=lambda category: (EVERYBODY,), sees_all=SEE_EVERYTHING, columns={"everybody": ()},
    retired={State.retired: "category_retired"},
    constraints={"category_key_key": Taken("key")},
    rows=(
        #      action     中文    from             to             who     event
        action(add,       "添加", FROM_NOTHING,    State.active,  KEEPER, "category.added",      wrong=(fits_in_the_tree,)),
        action(edit,      "编辑", [State.active],  STAYS,         KEEPER, "category.edited",     unless=(of_another_process,)),
        action(retire,    "停用", [State.active],  State.retired, KEEPER, "category.retired",    unless=(of_another_process,)),
        action(reinstate, "恢复", [State.retired], State.active,  KEEPER, "category.reinstated", unless=(of_another_process,)),
    ),
)
# fmt: on
