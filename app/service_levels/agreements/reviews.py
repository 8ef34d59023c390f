"""Reviews of agreements: either side may ask for one, and somebody of each side attends. A review that one
side denies does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person
from app.foundation.statements.actions import add_statements
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import WrongValue
from app.service_levels.agreements import consents
from app.service_levels.agreements.agreement_sides import agreement_sides, party_has_accounts
from app.service_levels.agreements.payloads import ReviewSla
from app.service_levels.agreements.records import Agreement, AgreementReview, AgreementState


def review(agreement: Agreement, body: ReviewSla, ctx: ActionContext) -> None:
    """Review the agreement with the other party: its results and the expectations."""
    agreement.last_reviewed_at = ctx.occurred_at
    consents.set_next_review(agreement, ctx)
    entry = AgreementReview(id=ctx.new_id(), record=agreement.row_key, reviewed_at=ctx.occurred_at)
    copy_fields(entry, body, ctx)
    attended = dict.fromkeys(person.id for person in ctx.refs(Person, "attended"))
    entry.attended = [str(person_id) for person_id in attended]
    ctx.outcome.add(entry)
    add_statements(agreement, StatedFact.attended, attended, ctx, entry.id)


def ask_for_review(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Ask for a review of the agreement: it is due now, and both representatives and the service level
    managers are notified.
    """
    agreement.review_due_at = agreement.review_reminded_at = ctx.occurred_at


async def review_is_due(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse to ask for a review that is due already (`review_is_due`)."""
    due_at = agreement.review_due_at
    return "review_is_due" if due_at is not None and due_at <= ctx.now else None


@dataclass(frozen=True, slots=True)
class DeniedReviews:
    """The reviews of an agreement, and those without anybody of one side if the caller was not there."""

    reviews: tuple[AgreementReview, ...]
    one_sided: tuple[AgreementReview, ...]


async def denied_reviews(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> DeniedReviews:
    """Find the reviews, and which of them do not count without the caller."""
    reviews = await reads.children(AgreementReview, agreement)
    caller, one_sided = str(ctx.caller.person_id), []
    for entry in reviews:
        other_persons = [person for person in entry.attended or () if person != caller]
        was_named = len(other_persons) < len(entry.attended or ())
        if was_named and await _missing_side(reads, agreement, other_persons) is not None:
            one_sided.append(entry)
    return DeniedReviews(tuple(reviews), tuple(one_sided))


def forget_attendance(agreement: Agreement, row: PersonStatement, ctx: ActionContext) -> None:
    """Take the person out of those who attended. A review without anybody of one side does not count: the
    next one is due as if it had not taken place.
    """
    prepared = ctx.prepared(DeniedReviews)
    denied = next((entry for entry in prepared.reviews if entry.id == row.about_id), None)
    if denied is None:
        return
    after = ctx.outcome.change(denied)
    after.attended = [person for person in denied.attended or () if person != str(row.person_id)]
    if denied not in prepared.one_sided:
        return
    after.void_at = ctx.occurred_at
    if agreement.last_reviewed_at == denied.reviewed_at:
        counting = [
            entry.reviewed_at
            for entry in prepared.reviews
            if entry.void_at is None and entry is not denied and entry.reviewed_at is not None
        ]
        agreement.last_reviewed_at = max(counting, default=None)
        consents.set_next_review(agreement, ctx)


async def review_void(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse to renew after a review that does not count (`review_void`)."""
    reviews = [entry for entry in await reads.children(AgreementReview, agreement) if entry.reviewed_at]
    newest = max(reviews, key=lambda entry: str(entry.reviewed_at), default=None)
    return "review_void" if newest is not None and newest.void_at is not None else None


async def reviewed_already(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse another review of an agreement that is under review, unless that one does not count
    (`reviewed_already`).
    """
    if agreement.state is not AgreementState.under_review:
        return None
    return None if await review_void(reads, agreement, ctx) else "reviewed_already"


async def one_sided_review(
    reads: ReadContext, agreement: Agreement, body: ReviewSla, ctx: ActionContext
) -> None:
    """Refuse a review without a participant from IT, or from the other party, if it has accounts."""
    attended = [str(person.id) for person in ctx.refs(Person, "attended")]
    missing = await _missing_side(reads, agreement, attended)
    if missing is not None:
        raise WrongValue(pointer="/attended", because=missing)


async def _missing_side(reads: ReadContext, agreement: Agreement, persons: list[str]) -> str | None:
    """Return why these persons are not both sides; None if they are."""
    sides = await agreement_sides(reads, agreement, agreement.party_id, map(UUID, persons))
    if not sides.it:
        return "nobody_of_it"
    if not sides.party and await party_has_accounts(reads, agreement):
        return "nobody_of_party"
    return None
