"""What must hold before an action is decided: the state, who acts, duties that are kept apart, and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.role_labels import OURS, RoleLabels
from app.kernel.refusals import Forbidden, KeptApart, NotAllowed, NotNow
from app.kernel.who import parts_had

if TYPE_CHECKING:
    from app.kernel.look import Look
    from app.kernel.moment import Moment
    from app.kernel.perform import Act


def allow(act: Act, record: Any, labels: RoleLabels = OURS) -> None:
    """Raises NotNow or Forbidden unless the action is open in this state, and for whoever acts."""
    if not act.row.comes_from(None if act.row.opens else record.state):
        raise not_now(act, record, "not_in_this_state")
    if not act.row.who.allows(act.context.caller, record):
        raise Forbidden({"who": act.row.who.phrase(act.context.language, labels)})


def keep_apart(act: Act, record: Any, behalf: UUID | None) -> None:
    """Raises KeptApart if whoever does it, or for whom, has had a part in it that excludes this one."""
    had = parts_had(act.row.never, record, {act.context.caller.person_id, behalf})
    if had:
        language = act.context.language
        raise KeptApart({"action": act.row.label(language), "part": had[0].label(language)})


async def prepare_and_check(look: Look, act: Act, record: Any, at: Moment) -> None:
    """Raises what forbids it, whatever is said and because of what is said; between the two it prepares what
    the action must look up.
    """
    for check in act.row.unless:
        if (because := await check(look, record, at)) is not None:
            raise not_now(act, record, because)
    try:
        for prepare in act.row.prepare:
            at.keep(await prepare(look, record, act.body, at))
    except NotAllowed as refused:
        raise not_now(act, record, refused.because) from refused
    for body_check in act.row.wrong:
        if (because := await body_check(look, record, act.body, at)) is not None:
            raise not_now(act, record, because)


def not_now(act: Act, record: Any, because: str) -> NotNow:
    """The refusal with that sentence, which says what else is open to the caller."""
    language = act.context.language
    more = (
        {}
        if act.row.opens
        else {
            "state": record.state.value,
            "allowed_actions": [
                row.name
                for row in act.lifecycle.open_to(record, act.context.caller)
                if row.name != act.row.name  # which a check has just refused
            ],
        }
    )
    state = "" if act.row.opens else record.state.label(language)
    return NotNow({"action": act.row.label(language), "state": state}, more, because=because)
