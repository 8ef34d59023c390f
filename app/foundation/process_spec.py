"""The table that the rows of every ticket are put into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.common.people import Role
from app.common.records import CodeEnum
from app.kernel.context import ActionContext
from app.kernel.lifecycle import Action

#: Rows of a lifecycle's table; of whose, is for the table to say.
ActionRows = tuple[Action[Any, Any], ...]


@dataclass(frozen=True)
class ProcessSpec:
    """What the rows must know of the process that they are mounted on.

    `kind` of its records; `any` of their states; `open` are those in which there is still work to do,
    `delivered` those in which it was done; `manager` is the role of the process's own manager; `prioritise`
    and `complete_task` what it is to set a priority and to complete a task there.
    """

    kind: str
    any: Iterable[CodeEnum]
    open: Iterable[CodeEnum]
    delivered: Iterable[CodeEnum]
    manager: Role
    prioritise: Callable[[Any, Any, ActionContext], None]
    complete_task: Callable[[Any, Any, ActionContext], None]
