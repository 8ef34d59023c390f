"""Specification of a process, for the actions that the lifecycles of all tickets share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.common.people import Role
from app.common.records import CodeEnum
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Action, Check, PayloadCheck

#: Rows of a lifecycle's table; each table fixes the type of its records.
ActionRows = tuple[Action[Any, Any], ...]
#: Policy that permits no further people.
EMPTY_POLICY = ActorPolicy()


@dataclass(frozen=True)
class AssigningSpec:
    """Roles that may assign and escalate the records of a process besides agents, engineers and its manager,
    and the check that refuses ineligible assignees.
    """

    by: ActorPolicy = EMPTY_POLICY
    wrong: tuple[PayloadCheck, ...] = ()


@dataclass(frozen=True)
class PrioritySpec:
    """The function that sets the priority of a process's records, the states in which people use it (None:
    all open states), and what forbids it.
    """

    prioritise: Callable[[Any, Any, ActionContext], None]
    states: Iterable[CodeEnum] | None = None
    unless: tuple[Check, ...] = ()


#: Assigned by agents, engineers and the manager, to anybody who can be given work.
USUAL_ASSIGNING = AssigningSpec()


@dataclass(frozen=True)
class TaskSpec:
    """How a process handles tasks: its function to complete one, its checks before one is edited or dropped,
    and who may alter tasks besides staff, subject to these checks.
    """

    complete: Callable[[Any, Any, ActionContext], None]
    altering_checks: tuple[PayloadCheck, ...] = ()
    alterers: ActorPolicy = EMPTY_POLICY


@dataclass(frozen=True)
class ProcessSpec:
    """Properties of the process that shared actions are mounted on.

    `kind` of its records; `any` of their states; `open` are the states in which work remains, `delivered`
    those in which it is done; `manager` is the role of the process's own manager; `priorities` defines how a
    priority is set; `tasks` defines how tasks are completed and altered.
    """

    kind: str
    any: Iterable[CodeEnum]
    open: Iterable[CodeEnum]
    delivered: Iterable[CodeEnum]
    manager: Role
    priorities: PrioritySpec
    tasks: TaskSpec
    assigning: AssigningSpec = USUAL_ASSIGNING
