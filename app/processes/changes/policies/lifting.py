"""Who may lift a freeze: nobody who has a change in it."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import PreparationRefused, caller_check
from app.processes.changes.policies.lookups import HINDERED_CHANGES
from app.processes.changes.policies.payloads import MoveFreeze
from app.processes.changes.policies.records import Freeze
from app.processes.changes.records import ChangeState

#: Changes that are yet to be made, or are being made.
UNFINISHED_STATES = (
    *(ChangeState.draft, ChangeState.submitted, ChangeState.assessed, ChangeState.awaiting_approval),
    *(ChangeState.deferred, ChangeState.approved, ChangeState.scheduled, ChangeState.implementing),
)
GUARD = Unguarded("People who get a change in the freeze meanwhile ask for an exception.")


async def shortens_own_obstacle(
    reads: ReadContext, freeze: Freeze, body: MoveFreeze, ctx: ActionContext
) -> None:
    """Refuse to shorten a freeze in which the caller has a change to make (`lifts_own_obstacle`)."""
    assert freeze.from_at is not None
    assert freeze.until_at is not None
    if body.from_at > max(freeze.from_at, ctx.now) or body.until_at < freeze.until_at:
        await lifts_own_obstacle(reads, freeze, body, ctx)


@caller_check
async def lifts_own_obstacle(
    reads: ReadContext, freeze: Freeze, body: Reason | MoveFreeze, ctx: ActionContext
) -> None:
    """Refuse to lift a freeze in which the caller has a change to make (`lifts_own_obstacle`)."""
    parameters = {
        "freeze": freeze.id,
        "person": ctx.caller.person_id,
        "states": [state.value for state in UNFINISHED_STATES],
    }
    number = await reads.value(HINDERED_CHANGES, parameters, guard=GUARD)
    if number is not None:
        raise PreparationRefused("lifts_own_obstacle", {"change": str(number)})
