"""What must hold before an action is decided: the state, who acts, duties that are kept apart, and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.role_labels import DEFAULT_LABELS, RoleLabels
from app.kernel.actor_policy import conflicting_duties
from app.kernel.refusals import ActionUnavailable, Forbidden, PreparationRefused, SegregationOfDuties

if TYPE_CHECKING:
    from app.kernel.context import ActionContext
    from app.kernel.perform import Command
    from app.kernel.reads import ReadContext


def require_permission(command: Command, record: Any, labels: RoleLabels = DEFAULT_LABELS) -> None:
    """Raises NotNow or Forbidden unless the action is open in this state, and for whoever acts."""
    if not command.row.is_open_in(None if command.row.opens else record.state):
        raise unavailable(command, record, "not_in_this_state")
    if not command.row.who.allows(command.metadata.caller, record):
        raise Forbidden({"who": command.row.who.phrase(command.metadata.language, labels)})


def require_segregation(command: Command, record: Any, behalf: UUID | None) -> None:
    """Raises KeptApart if whoever does it, or for whom, has had a part in it that excludes this one."""
    had = conflicting_duties(command.row.segregate_from, record, {command.metadata.caller.person_id, behalf})
    if had:
        language = command.metadata.language
        raise SegregationOfDuties({"action": command.row.label(language), "part": had[0].label(language)})


async def prepare_and_check(reads: ReadContext, command: Command, record: Any, ctx: ActionContext) -> None:
    """Raises what forbids it, whatever is said and because of what is said; between the two it prepares what
    the action must look up.
    """
    for check in command.row.unless:
        if (because := await check(reads, record, ctx)) is not None:
            raise unavailable(command, record, because)
    try:
        for prepare in command.row.prepare:
            ctx.add_prepared(await prepare(reads, record, command.body, ctx))
    except PreparationRefused as refused:
        raise unavailable(command, record, refused.because) from refused
    for body_check in command.row.wrong:
        if (because := await body_check(reads, record, command.body, ctx)) is not None:
            raise unavailable(command, record, because)


def unavailable(command: Command, record: Any, because: str) -> ActionUnavailable:
    """The refusal with that sentence, which says what else is open to the caller."""
    language = command.metadata.language
    more = (
        {}
        if command.row.opens
        else {
            "state": record.state.value,
            "allowed_actions": [
                row.name
                for row in command.lifecycle.open_to(record, command.metadata.caller)
                if row.name != command.row.name  # which a check has just refused
            ],
        }
    )
    state = "" if command.row.opens else record.state.label(language)
    return ActionUnavailable({"action": command.row.label(language), "state": state}, more, because=because)
