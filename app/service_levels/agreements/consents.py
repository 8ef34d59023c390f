"""Steps to which both parties consent, neither alone: sign, renew, terminate, amend.

The first consent stays; the other party's to the same terms completes the step. Other terms are a
counter-proposal, and a change of the text takes consents back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from app.common.children import Attachment, Visibility
from app.common.records import CodeEnum
from app.common.tickets import Ticket
from app.common.times.clocks import AgreementType
from app.foundation.decisions.authorship import agrees_to_what_was_read
from app.foundation.documents.filing import publish_draft
from app.foundation.documents.records import DocumentClass
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Branch
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand
from app.log.events import stream
from app.service_levels.agreements.payloads import (
    AmendSla,
    Consent,
    RefuseConsentSla,
    RenewSla,
    SignSla,
    TerminateSla,
    WithdrawConsentSla,
)
from app.service_levels.agreements.preparation import (
    ConsentRound,
    PendingConsents,
    RefusedConsent,
    ReplacedAgreement,
    SupportingTeams,
    Validity,
    WithdrawnConsent,
    Zone,
    is_approved_change,
    months_later,
)
from app.service_levels.agreements.records import (
    Agreement,
    AgreementAcknowledgement,
    AgreementConsent,
    AgreementSide,
    ConsentSubject,
)
from app.service_levels.agreements.records import AgreementState as State

#: The documents of an agreement, which are drafted with it and published by its signature.
DOCUMENTS = (DocumentClass.SL, DocumentClass.SS, DocumentClass.QP)


def give_consent(agreement: Agreement, body: Consent, ctx: ActionContext) -> bool:
    """Record the consent; return whether both sides have consented with it."""
    consent_round = ctx.prepared(ConsentRound)
    for consent in consent_round.withdrawn:
        ctx.outcome.remove(consent)
    _attach_document(agreement, body, ctx)
    ctx.outcome.add(
        AgreementConsent(
            id=ctx.new_id(),
            record=agreement.row_key,
            subject=consent_round.subject,
            side=consent_round.side,
            given_by_id=ctx.caller.person_id,
            document=body.signed_document,
            attachment_id=body.upload,
            signatory=body.signatory,
            terms=consent_round.terms,
            complete=consent_round.complete,
            consented_at=ctx.occurred_at,
        )
    )
    if consent_round.other is not None:
        ctx.outcome.change(consent_round.other).complete = True
    ended = {f"{consent.subject}:{consent.side}" for consent in consent_round.withdrawn}
    remaining = [
        pending_consent
        for pending_consent in agreement.pending_consents or ()
        if pending_consent not in ended and not pending_consent.startswith(f"{consent_round.subject}:")
    ]
    waiting = [] if consent_round.complete else [f"{consent_round.subject}:{consent_round.side}"]
    agreement.pending_consents = [*remaining, *waiting] or None
    return consent_round.complete


def _attach_document(agreement: Agreement, body: Consent, ctx: ActionContext) -> None:
    upload = ctx.input.upload
    if upload is not None:
        ctx.outcome.add(
            Attachment(
                id=upload.id,
                record=agreement.row_key,
                author_id=ctx.caller.person_id,
                name=body.signed_document,
                media_type=upload.media_type,
                size=upload.size,
                sha256=upload.sha256,
                visibility=Visibility.public,
                attached_at=ctx.occurred_at,
            )
        )


def take_back_consents(agreement: Agreement, ctx: ActionContext) -> None:
    """Take back the consents that wait for the other side, since the text is another one."""
    for consent in ctx.prepared(PendingConsents).consents:
        ctx.outcome.remove(consent)
    agreement.pending_consents = None


def withdraw_consent(agreement: Agreement, body: WithdrawConsentSla, ctx: ActionContext) -> None:
    """Withdraw a consent to an agreement. The step then needs the consent of both sides again."""
    _end_consents(agreement, ctx.prepared(WithdrawnConsent).consents, ctx)


def refuse_consent(agreement: Agreement, body: RefuseConsentSla, ctx: ActionContext) -> None:
    """Refuse a step of an agreement, with the reason. The other side's consent ends."""
    _end_consents(agreement, ctx.prepared(RefusedConsent).consents, ctx)


def _end_consents(agreement: Agreement, consents: Iterable[AgreementConsent], ctx: ActionContext) -> None:
    ended = set()
    for consent in consents:
        ended.add(f"{consent.subject}:{consent.side}")
        ctx.outcome.remove(consent)
    agreement.pending_consents = [p for p in agreement.pending_consents or () if p not in ended] or None


def on_both_consents(
    subject: ConsentSubject, *transitions: tuple[State, State], event: str = "sla.consented"
) -> Branch:
    """Return the target of a step that both sides consent to: from each first state of `transitions` to its
    second one, and until then in the first, with that event.
    """
    ends = dict(transitions)

    def choose(agreement: Agreement) -> CodeEnum:
        assert agreement.state is not None
        waits = any(
            pending_consent.startswith(f"{subject}:") for pending_consent in agreement.pending_consents or ()
        )
        return agreement.state if waits else ends[agreement.state]

    leads_to = tuple(dict.fromkeys((*ends, *ends.values())))
    return Branch(
        choose, leads_to, dict.fromkeys(ends, event), {first: (first, ends[first]) for first in ends}
    )


def sign(agreement: Agreement, body: SignSla, ctx: ActionContext) -> None:
    """Sign the agreement, with the consent of both parties. It supersedes the agreement that it replaces from
    the beginning of its own validity, and its services show its promises.
    """
    if not give_consent(agreement, body, ctx):
        return
    agreement.signed_at = ctx.occurred_at
    _set_validity(agreement, ctx)
    set_next_review(agreement, ctx)
    for of_class in DOCUMENTS:
        publish_draft(of_class, ctx)
    for team in ctx.prepared(SupportingTeams).teams:
        ctx.outcome.add(
            AgreementAcknowledgement(
                id=ctx.new_id(),
                record=agreement.row_key,
                team_id=team.id,
                person_id=team.lead_id,
                asked_at=ctx.occurred_at,
            )
        )


def _set_validity(agreement: Agreement, ctx: ActionContext) -> None:
    validity = ctx.prepared(Validity)
    agreement.begins_at, agreement.ends_at = validity.begins_at, validity.ends_at
    agreement.valid_from = validity.first_day
    agreement.warned_days = None


def set_next_review(agreement: Agreement, ctx: ActionContext) -> None:
    """Set when the next review is due: so many months after the last one, or after the begin, by the clocks
    of the agreement's calendar.
    """
    since = agreement.last_reviewed_at or agreement.begins_at or ctx.occurred_at
    agreement.review_due_at = months_later(since, agreement.review_months or 12, ctx.prepared(Zone).zone)
    agreement.review_reminded_at = agreement.review_overdue_at = None


def renew(agreement: Agreement, body: RenewSla, ctx: ActionContext) -> None:
    """Renew the agreement until another day, after its review and with the consent of both parties."""
    _set_effects(agreement, body)
    if give_consent(agreement, body, ctx):
        agreement.valid_to = ctx.prepared(ConsentRound).terms.get("valid_to")
        _set_validity(agreement, ctx)


def _set_effects(agreement: Agreement, body: RenewSla | AmendSla) -> None:
    reasons = agreement.reasons
    reasons.effect_on_price = body.effect_on_price or reasons.effect_on_price
    reasons.effect_on_cost = body.effect_on_cost or reasons.effect_on_cost
    reasons.effect_on_workload = body.effect_on_workload or reasons.effect_on_workload


def terminate(agreement: Agreement, body: TerminateSla, ctx: ActionContext) -> None:
    """Terminate the agreement, with the consent of both parties."""
    reasons = agreement.reasons
    reasons.termination_reason = body.reason or reasons.termination_reason
    if give_consent(agreement, body, ctx):
        agreement.ended_at = ctx.occurred_at
        ends_at = agreement.ends_at
        agreement.ends_at = ctx.occurred_at if ends_at is None else min(ends_at, ctx.occurred_at)


def amend(agreement: Agreement, body: AmendSla, ctx: ActionContext) -> None:
    """Amend the agreement, with the consent of both parties. It stays in force, and its next edition is a
    record of its own.
    """
    _set_effects(agreement, body)
    change: Any = ctx.ref(Ticket, "change")
    if change is not None:
        # A representative of the customer may not open the change, but must read what they consent to.
        agreement.reasons.amendment = f"{change.number} {change.title}"
        agreement.reasons.amendment_description = change.description
    give_consent(agreement, body, ctx)


async def signs_another_text(
    reads: ReadContext, agreement: Agreement, body: SignSla, ctx: ActionContext
) -> None:
    """Refuse to sign another text than the present one, or a changed one without its number."""
    present = agreement.reasons.text_edition or 1
    if body.text_edition != present and (body.text_edition is not None or present > 1):
        raise WrongValue(pointer="/text_edition", because="another_text")


async def nothing_to_refuse(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse to refuse what the other side has not consented to (`no_consent_to_refuse`)."""
    sides = _sides_of(agreement, ctx.caller.person_id)
    opposite_sides = {AgreementSide.party if side is AgreementSide.it else AgreementSide.it for side in sides}
    return "no_consent_to_refuse" if opposite_sides.isdisjoint(_consented_sides(agreement)) else None


async def nothing_to_withdraw(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse to withdraw a consent that the caller's side has not given (`no_consent_to_withdraw`)."""
    sides = _sides_of(agreement, ctx.caller.person_id)
    return "no_consent_to_withdraw" if sides.isdisjoint(_consented_sides(agreement)) else None


def _sides_of(agreement: Agreement, person_id: UUID | None) -> set[AgreementSide]:
    """Return the sides that the person represents."""
    representatives = {
        AgreementSide.it: agreement.representative_id,
        AgreementSide.party: agreement.party_representative_id,
    }
    return {side for side, holder in representatives.items() if holder == person_id}


def _consented_sides(agreement: Agreement) -> set[AgreementSide]:
    """Return the sides whose consent to a step waits for the other side's."""
    return {AgreementSide(consent.partition(":")[2]) for consent in agreement.pending_consents or ()}


#: Events after which earlier proposals need no further consent: both sides agreed, or a review ended them.
SETTLING_EVENTS = ("signed", "reviewed", "renewed", "amended")


async def consents_unread(
    reads: ReadContext, agreement: Agreement, body: Consent, ctx: ActionContext
) -> None:
    """Refuse a second consent that does not say what was read, to terms that were rewritten."""
    if not ctx.prepared(ConsentRound).complete:
        return
    await agrees_to_what_was_read(("consented",), SETTLING_EVENTS, body.SUBJECT)(reads, agreement, body, ctx)


async def wrong_change(reads: ReadContext, agreement: Agreement, body: AmendSla, ctx: ActionContext) -> None:
    """Refuse to amend without a change, by one that is not approved, that was approved before the present
    version was signed, or that touches other services only.
    """
    change = ctx.ref(Ticket, "change")
    if change is None:
        name = ctx.prepared(ConsentRound).terms.get("change")
        if name is None:
            raise WrongValue(pointer="/change", because="missing")
        loaded = await reads.record("change", name)
        change = None if loaded is None else loaded.record
    if change is None or not is_approved_change(change):
        raise WrongValue(pointer="/change", because="change_not_approved")
    _require_later(agreement, change)
    _require_touching(agreement, change)


def _require_later(agreement: Agreement, change: Any) -> None:
    """Check that the change was approved after the present version was signed. Raises WrongValue."""
    decided_at = change.approved_at or change.closed_at
    if agreement.signed_at is not None and decided_at is not None and decided_at < agreement.signed_at:
        raise WrongValue(pointer="/change", because="change_before_version")


def _require_touching(agreement: Agreement, change: Any) -> None:
    """Check that the change touches a service of the agreement, by its name or by an item that serves it; one
    about no service in particular is about all of them. Raises WrongValue.
    """
    services = agreement.services or ()
    if services and not {*services} & {*change.touched_services}:
        words = {"services": ", ".join(services)}
        raise WrongValue(words, pointer="/change", because="touches_other_services")


async def effects_missing(
    reads: ReadContext, agreement: Agreement, body: RenewSla | AmendSla, ctx: ActionContext
) -> None:
    """Refuse the first consent without the effect on price and workload."""
    _require_first(body, ctx, "effect_on_price", "effect_on_workload")


async def reason_missing(
    reads: ReadContext, agreement: Agreement, body: TerminateSla, ctx: ActionContext
) -> None:
    """Refuse the first consent to a termination without its reason."""
    _require_first(body, ctx, "reason")


def _require_first(body: Consent, ctx: ActionContext, *names: str) -> None:
    if ctx.prepared(ConsentRound).complete:
        return
    missing = [WrongValue(pointer=f"/{name}", because="missing") for name in names if not getattr(body, name)]
    if missing:
        raise WrongValue(pointer=missing[0].pointer, because="missing", further=tuple(missing[1:]))


async def renewed_backwards(
    reads: ReadContext, agreement: Agreement, body: RenewSla, ctx: ActionContext
) -> None:
    """Refuse a new last day that is over, or before the first."""
    validity = ctx.prepared(Validity)
    if validity.ends_at is not None and validity.ends_at <= max(validity.begins_at, ctx.now):
        raise WrongValue(pointer="/valid_to", because="not_ahead")


#: The members of a target that are shown in catalogue entries.
PROMISED = (
    *("id", "metric", "process", "priority", "category", "service", "catalogue_item"),
    *("threshold_seconds", "threshold", "kpi", "comparator", "compliance", "calendar"),
)
#: Consequence of a signature for the agreement that it replaces.
SUPERSEDE = RelatedCommand(
    action="supersede",
    field="",
    record=lambda ctx: (
        ()
        if not ctx.prepared(ConsentRound).complete
        or (replaced := ctx.prepared(ReplacedAgreement).agreement) is None
        else replaced.row_key
    ),
    body=lambda agreement, body: {
        "replaced_by": str(agreement.id),
        "from_date": agreement.valid_from,
        "from_at": agreement.begins_at,
    },
    permitted=True,
)


def promise_of(agreement: Agreement, body: object) -> dict[str, Any]:
    """Return the payload that shows in the catalogue entries of services what the agreement promises."""
    return {
        "agreement": str(agreement.id),
        "number": agreement.number,
        "replaces": None if agreement.replaces_id is None else str(agreement.replaces_id),
        "services": list(agreement.services or ()),
        "customer": None if agreement.customer_id is None else str(agreement.customer_id),
        "calendar": agreement.calendar,
        "valid_from": agreement.valid_from,
        "valid_to": agreement.valid_to,
        "ended": agreement.ended_at is not None,
        "targets": [{name: target[name] for name in PROMISED} for target in agreement.targets or ()],
    }


def _promised_services(ctx: ActionContext) -> tuple[str, ...]:
    return ctx.prepared(ReplacedAgreement).services if ctx.prepared(ConsentRound).complete else ()


PROMISE = RelatedCommand(
    action="promise", field="", record=_promised_services, body=promise_of, permitted=True
)
#: Consequence of an end that needs no consent.
END_PROMISE = RelatedCommand(
    action="promise",
    field="",
    record=lambda ctx: ctx.prepared(ReplacedAgreement).services,
    body=promise_of,
    permitted=True,
)
MAKE_VERSION = RelatedCommand(
    action="record_requirement",
    field="",
    record=lambda ctx: (
        stream(Agreement.KIND, ctx.command.related_id) if ctx.prepared(ConsentRound).complete else ()
    ),
    body=lambda agreement, body: {
        "replaces": str(agreement.id),
        "title": agreement.title,
        "agreement_type": str(agreement.agreement_type or AgreementType.sla),
    },
    permitted=True,
)
