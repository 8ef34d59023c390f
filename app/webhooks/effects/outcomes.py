"""Outcomes of deliveries that cannot be carried out, and why."""

from __future__ import annotations

from app.kernel.actions.refusals import Refusal
from app.log.writer import ConcurrencyConflict, ConstraintViolation
from app.webhooks.intake.deliveries import DeliveryState, Outcome
from app.webhooks.mail.refusals import MailRefused
from app.webhooks.mapping.updates import Evaluation

#: Mails without a human reader are no failures.
NOT_FOR_PEOPLE = frozenset({"automatic_mail", "own_mail", "calendar_answer"})
#: Why a delivery about a ticket that ended over there, and was never here, is ignored.
ENDED_UNKNOWN_TICKET = "its ticket ended over there and was never here"


class SourceFailed(Exception):
    """A part of a delivery cannot be carried out. `awaited_case`: it needs this ticket first."""

    def __init__(self, code: str, awaited_case: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.awaited_case = awaited_case


#: Reasons why a delivery cannot be carried out. A ValueError stands for a value that no field can hold: it
#: must not block all other deliveries.
FAILURES = (SourceFailed, MailRefused, Refusal, ConcurrencyConflict, ConstraintViolation, ValueError)


def failed_outcome(error: Exception) -> Outcome:
    """Return the outcome of a delivery that failed with one of FAILURES, or is meant for nobody."""
    match error:
        case SourceFailed() if error.code == ENDED_UNKNOWN_TICKET:
            return Outcome(DeliveryState.ignored, code=error.code)
        case SourceFailed():
            return Outcome(DeliveryState.failed, code=error.code, awaited_case=error.awaited_case)
        case MailRefused() if error.code in NOT_FOR_PEOPLE:
            return Outcome(DeliveryState.ignored, code=error.code)
        case MailRefused() | Refusal():
            return Outcome(DeliveryState.failed, code=error.code)
        case ValueError():
            return Outcome(DeliveryState.failed, code="unfit_value")
        case _:
            return Outcome(DeliveryState.failed, code="others_keep_changing_it")


def outcome_of_failed_part(evaluation: Evaluation) -> Outcome | None:
    """Return the outcome of a delivery a part of which cannot be read; None: all can."""
    if not evaluation.failed:
        return None
    first = evaluation.failed[min(evaluation.failed)]
    return Outcome(DeliveryState.failed, code=first.code, mapping_key=first.key)
