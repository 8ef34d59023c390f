"""Exceptions from freezes, each for one change: asked for, and granted or refused by a decision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.common.records import all_values
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.matters import Matter, RelatedMatter
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.preparation import NewDecision, Question, new_decision
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome, DecisionState
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.approval import APPROVAL
from app.processes.changes.checks import COMPULSORY
from app.processes.changes.policies.lookups import IS_COVERED
from app.processes.changes.policies.payloads import AskExceptionFreeze
from app.processes.changes.policies.records import Freeze, FreezeException
from app.processes.changes.records import OPEN, Change, ChangeState, ChangeType

#: States of changes that are yet to be made or to go out.
EXCEPTABLE = OPEN - {ChangeState.backed_out}
#: A person who has only assessed the change may still decide on its time.
PLANNING = replace(
    APPROVAL,
    fields=tuple(name for name in APPROVAL.fields if name not in ("risk_answers", "effects", "resources")),
)


async def excepted_change(reads: ReadContext, freeze: Freeze, decision: Decision) -> RelatedMatter:
    """Return the change that a question is about."""
    exception = await reads.child(FreezeException, freeze, decision_id=decision.id)
    assert exception is not None, "every decision on a freeze is about an exception"
    change = await reads.record(Change.KIND, str(exception.change_id))
    assert change is not None, "changes are never removed"
    return RelatedMatter(change.record, PLANNING)


#: Requesters of an exception, and people with a part in its change, do not decide on it.
EXCEPTION = Matter(
    decision=DecisionKind.freeze_exception, without_asker=True, related=excepted_change, subject=()
)


def ask_exception(freeze: Freeze, body: AskExceptionFreeze, ctx: ActionContext) -> None:
    """Ask for an exception to the freeze, so that a change can be made during it. The voters decide, except
    for the person who asks.
    """
    new_decision = ctx.prepared(NewDecision)
    add_prepared_decision(new_decision, ctx)
    exception = FreezeException(
        id=ctx.new_id(),
        record=freeze.row_key,
        change_id=ctx.required_ref(Change, "change").id,
        decision_id=new_decision.decision.id,
        reason=body.reason,
        asked_by_id=ctx.caller.person_id,
        asked_at=ctx.occurred_at,
    )
    ctx.outcome.add(exception)


async def exception_question(
    reads: ReadContext, freeze: Freeze, body: AskExceptionFreeze, ctx: ActionContext
) -> NewDecision:
    """Prepare the decision on the exception. Raises WrongValue, also if the change is excepted already, or
    its exception waits for a decision, and if it needs none.
    """
    change = ctx.required_ref(Change, "change")
    await _check_needs_exception(reads, freeze, change)
    for exception in await reads.children(FreezeException, freeze, change_id=change.id):
        if exception.granted_at is not None:
            raise WrongValue(pointer="/change", because="excepted_already")
        decision = await reads.child(Decision, freeze, id=exception.decision_id)
        if decision is not None and decision.state is DecisionState.open:
            raise WrongValue(pointer="/change", because="exception_is_open")
    related = RelatedMatter(change, PLANNING)
    return await new_decision(
        reads, freeze, Question(body.question, EXCEPTION, body.due_at, related=related), ctx
    )


async def _check_needs_exception(reads: ReadContext, freeze: Freeze, change: Change) -> None:
    """Raise WrongValue if the change is over (`change_has_ended`), lacks something that is voted on
    (`change_to_complete`), or is not in the freeze (`change_not_covered`).
    """
    assert change.state is not None
    if change.state not in EXCEPTABLE:
        raise WrongValue({"state": change.state}, pointer="/change", because="change_has_ended")
    values = all_values(change)
    is_lacking = any(values[name] is None for name in COMPULSORY)
    if is_lacking and change.type is not ChangeType.standard:
        raise WrongValue(pointer="/change", because="change_to_complete")
    parameters = {"freeze": freeze.id, "change": change.id}
    guard = Unguarded("Whoever schedules the change finds the freezes that cover it then.")
    if not await reads.value(IS_COVERED, parameters, guard=guard):
        raise WrongValue(pointer="/change", because="change_not_covered")


@dataclass(frozen=True, slots=True)
class DecidedException:
    """The exception that was decided on."""

    exception: FreezeException


async def decided_exception(
    reads: ReadContext, freeze: Freeze, body: Tallied, ctx: ActionContext
) -> DecidedException:
    """Find the exception that the decision was about."""
    exception = await reads.child(FreezeException, freeze, decision_id=body.decision)
    assert exception is not None, "every decision on a freeze is about an exception"
    return DecidedException(exception)


def grant_exception(freeze: Freeze, body: Tallied, ctx: ActionContext) -> None:
    """Grant an exception to the freeze: the change may be scheduled and made in it."""
    ctx.outcome.change(ctx.prepared(DecidedException).exception).granted_at = ctx.occurred_at


def refuse_exception(freeze: Freeze, body: Tallied, ctx: ActionContext) -> None:
    """Refuse an exception to the freeze: it was not approved in time."""
    ctx.outcome.change(ctx.prepared(DecidedException).exception).refused_at = ctx.occurred_at


def action_of_outcome(freeze: Freeze, decision: Decision) -> tuple[str, Payload]:
    """Return the action to which the outcome of the decision leads, with its payload."""
    is_granted = decision.outcome is DecisionOutcome.approved
    return "grant_exception" if is_granted else "refuse_exception", tallied(decision)
