"""Flags a paper copy of a document that is not back in time, and notifies the borrower."""

from __future__ import annotations

from datetime import datetime

from app.foundation.documents.keeping.actions import flag_loan, name_of
from app.foundation.documents.keeping.payloads import FlagLoanDocument
from app.foundation.documents.keeping.records import DocumentLoan
from app.foundation.people.lookups import active_person
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings


def due(loan: DocumentLoan, settings: Settings) -> datetime | None:
    """Return when the copy is to be back; None if it is, or is flagged already."""
    settled = loan.returned_at or loan.overdue_at
    return None if settled is not None else loan.until_at


async def flag(ledger: Ledger, loan: DocumentLoan, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the loan, and its payload, which names a borrower who is active."""
    borrower = await active_person(ledger.db.rows, loan.borrower_id)
    return name_of(flag_loan, loan), FlagLoanDocument(loan=loan.id, borrower=borrower)


RULE = TimedRule(
    "flag_overdue_loans",
    "document_loan",
    frozenset(),
    due,
    flag,
    only="r.returned_at is null and r.overdue_at is null",
    child_class=DocumentLoan,
)
