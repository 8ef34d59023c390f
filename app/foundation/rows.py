"""The table that the rows of every ticket are put into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.common.people import Role
from app.common.records import Labelled
from app.kernel.lifecycle import Action
from app.kernel.moment import Moment

#: Rows of a lifecycle's table; of whose, is for the table to say.
Rows = tuple[Action[Any, Any], ...]


@dataclass(frozen=True)
class Table:
    """What the rows must know of the process that they are mounted on.

    `kind` of its records; `any` of their states; `open` are those in which there is still work to do,
    `delivered` those in which it was done; `manager` is the role of the process's own manager; `prioritise`
    and `complete_task` what it is to set a priority and to complete a task there.
    """

    kind: str
    any: Iterable[Labelled]
    open: Iterable[Labelled]
    delivered: Iterable[Labelled]
    manager: Role
    prioritise: Callable[[Any, Any, Moment], None]
    complete_task: Callable[[Any, Any, Moment], None]
