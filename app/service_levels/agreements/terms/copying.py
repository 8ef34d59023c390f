"""The terms of an agreement in payloads, and as they stand in its record."""

from __future__ import annotations

from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.service_levels.agreements.records import (
    Agreement,
    AgreementPrice,
    ReportingPeriod,
)
from app.service_levels.agreements.terms.payloads import LONGEST_REVIEW_MONTHS, AgreementTerms

#: The terms by default.
USUAL_TERMS = {
    "review_months": LONGEST_REVIEW_MONTHS,
    "degraded_weight": "0",
    "maintenance_counts": False,
    "reporting_period": ReportingPeriod.month,
}


def copy_terms(agreement: Agreement, source: Agreement) -> None:
    """Set all terms of the agreement as in the source, except its validity."""
    for name in AgreementTerms.model_fields.keys() - {"valid_from", "valid_to", "occurred_at"}:
        if name in AgreementPrice.model_fields:
            setattr(agreement.price, name, getattr(source.price, name))
        else:
            setattr(agreement, name, getattr(source, name))


def apply_terms(agreement: Agreement, body: AgreementTerms, ctx: ActionContext) -> None:
    """Set the terms that the payload has."""
    left_out = type(body).model_fields.keys() - body.model_fields_set
    for part in (agreement, agreement.price):
        copy_fields(part, body, ctx, without=" ".join(left_out))
    if "rests_on" in body.model_fields_set:
        ids = (str(supporting.id) for supporting in ctx.refs(Agreement, "rests_on"))
        agreement.rests_on = list(dict.fromkeys(ids)) or None


def fill_usual_terms(agreement: Agreement) -> None:
    """Set the default terms where the agreement has none."""
    for name, value in USUAL_TERMS.items():
        if getattr(agreement, name) is None:
            setattr(agreement, name, value)
