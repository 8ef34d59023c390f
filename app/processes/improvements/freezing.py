"""Exceptions from the freeze of a process between its cutover and half a year later."""

from __future__ import annotations

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.processes.improvements.preparation import ProcessFreeze
from app.processes.improvements.proposal.payloads import DespiteFreeze, SelectImprovement
from app.processes.improvements.records import Improvement


def check_freeze_exception(body: DespiteFreeze) -> None:
    """Check that an exception from a freeze comes with its reason, and the other way round. Raises
    WrongValue.
    """
    if body.freeze_exception is not None and body.freeze_exception_reason is None:
        raise WrongValue(pointer="/freeze_exception_reason", because="missing")
    if body.freeze_exception is None and body.freeze_exception_reason is not None:
        raise WrongValue(pointer="/freeze_exception", because="missing")


async def process_is_frozen(
    reads: ReadContext, improvement: Improvement, body: DespiteFreeze, ctx: ActionContext
) -> None:
    """Refuse while the definition of the process is frozen, unless it is declared to be for safety, law or a
    stop of service (`process_is_frozen`). The committee decides on the exception of a new improvement with
    its proposal; later, a member of it grants one.
    """
    frozen = ctx.prepared(ProcessFreeze).number
    if isinstance(body, SelectImprovement):
        check_freeze_exception(body)
        if frozen is not None and body.freeze_exception is None:
            raise PreparationRefused("process_is_frozen", {"number": frozen})
        return
    check_granted(improvement, body, ctx)
    if frozen is not None and improvement.freeze_exception is None:
        raise PreparationRefused("process_is_frozen", {"number": frozen})


def check_granted(improvement: Improvement, body: DespiteFreeze, ctx: ActionContext) -> None:
    """Check that nobody grants themselves the exception that they use. Raises WrongValue if the payload
    names another exception than was granted (`freeze_exception_not_granted`), and PreparationRefused for the
    person who granted it (`exception_of_your_own`).
    """
    check_freeze_exception(body)
    if body.freeze_exception not in (None, improvement.freeze_exception):
        raise WrongValue(pointer="/freeze_exception", because="freeze_exception_not_granted")
    if improvement.proposal.freeze_exception_by_id == ctx.caller.person_id is not None:
        raise PreparationRefused("exception_of_your_own")
