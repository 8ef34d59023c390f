"""Lifecycle of agreements on service levels: require, draft, negotiate, sign, review, renew, amend, end.

requirement ─► drafted ─► negotiating ⇄ in_review ─► signed ⇄ under_review
signed, under_review ─► superseded | expired | terminated

To sign, to renew, to terminate and to amend both parties consent (`consents.py`). An amended agreement stays
in force; its next edition is a record of its own, whose signature supersedes it.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from app.common.children import Attachment
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import load_documents
from app.foundation.documents.filing import supersede as supersede_document
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.records import DocumentClass
from app.foundation.people.succession.handing_over import HandingOver, succession_rows
from app.foundation.statements.actions import statement_rows
from app.foundation.statements.records import PersonStatement
from app.kernel.access.audience_rules import to_members, to_persons, to_staff
from app.kernel.actions.actor_policy import (
    agreement_maintainer,
    process_relation,
    rule,
    service_level_manager,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, DueAt, Keys, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Payload,
)
from app.service_levels.agreements import checks, consents, drafting, preparation, reviews
from app.service_levels.agreements.alignment import gap_beneath
from app.service_levels.agreements.face import FACE
from app.service_levels.agreements.negotiators import negotiator, not_its_negotiator
from app.service_levels.agreements.payloads import (
    AcknowledgeSla,
    MakeVersionSla,
    NoteGapSla,
    SupersedeSla,
    WarnOfEndSla,
)
from app.service_levels.agreements.records import (
    IN_FORCE,
    Agreement,
    AgreementAcknowledgement,
    AgreementConsent,
    AgreementReview,
    ConsentSubject,
)
from app.service_levels.agreements.records import AgreementState as State
from app.service_levels.agreements.terms.measurability import unmeasurable_targets
from app.service_levels.reports import actions as reports
from app.service_levels.reports.records import AgreementReportRecipient

representative = process_relation(
    "representative",
    "a representative of either party",
    "任一方代表",
    "representative_id",
    "party_representative_id",
)
party_representative = process_relation(
    "party_representative", "the representative of the other party", "对方代表", "party_representative_id"
).for_people()
lead_beneath = process_relation(
    "lead_beneath",
    "the lead of a team beneath",
    "下层团队负责人",
    named_in=(("sla_acknowledgement", "person_id"),),
)


def make_version(agreement: Agreement, body: MakeVersionSla, ctx: ActionContext) -> None:
    """Make a version of the agreement: both parties have consented, and its next edition is drafted."""
    agreement.change_id = body.change


def follow_amendment(agreement: Agreement, body: Payload, ctx: ActionContext) -> tuple[str, Payload] | None:
    """Return the action that follows the second consent to an amendment."""
    consent_round = ctx.prepared(preparation.ConsentRound)
    if not consent_round.complete:
        return None
    return "make_version", MakeVersionSla(change=UUID(consent_round.terms["change"]))


def supersede(agreement: Agreement, body: SupersedeSla, ctx: ActionContext) -> None:
    """Supersede the agreement: another one replaces it. It stays in force until the other one begins."""
    agreement.superseded_from = body.from_date
    agreement.ends_at = _earlier(agreement.ends_at, body.from_at)
    for of_class in consents.DOCUMENTS:
        supersede_document(of_class, ctx)


def _earlier(first: datetime | None, second: datetime) -> datetime:
    return second if first is None else min(first, second)


def acknowledge(agreement: Agreement, body: AcknowledgeSla, ctx: ActionContext) -> None:
    """Acknowledge the signed agreement, as the lead of a team on whose agreement it rests."""
    for row in ctx.prepared(preparation.AcknowledgementRequests).rows:
        done = ctx.outcome.change(row)
        done.acknowledged_at = ctx.occurred_at
        done.acknowledged_by_id = ctx.caller.person_id


def expire(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Expire the agreement, at the end of its validity."""
    agreement.ended_at = agreement.ends_at


def warn_of_end(agreement: Agreement, body: WarnOfEndSla, ctx: ActionContext) -> None:
    """Warn the parties of the agreement's end: the representatives and the service level managers are
    notified.
    """
    agreement.warned_days = body.days


def remind_of_review(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Remind the parties of the agreement's review: it is due soon, and the representatives and the service
    level managers are notified.
    """
    agreement.review_reminded_at = ctx.occurred_at


def flag_review(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the agreement's overdue review."""
    agreement.review_overdue_at = ctx.occurred_at


def note_gap(agreement: Agreement, body: NoteGapSla, ctx: ActionContext) -> None:
    """Note a gap beneath the agreement: an OLA or UC on which it rests ended or changed, and the agreement no
    longer adds up.
    """
    agreement.reasons.gap_since_at = agreement.reasons.gap_since_at or ctx.occurred_at


def close_gap(agreement: Agreement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Close the gap beneath the agreement: the OLAs and UCs support it again."""
    agreement.reasons.gap_since_at = None


PARTIES = (representative | service_level_manager).for_people()
BEGINNERS = service_level_manager | negotiator
DRAFTERS = service_level_manager | agreement_maintainer
NEGOTIABLE = (State.drafted, State.negotiating, State.in_review)
OPEN = (State.requirement, *NEGOTIABLE, *IN_FORCE)
AGREED = (*IN_FORCE, State.superseded, State.terminated, State.expired)
SIGNED = consents.on_both_consents(ConsentSubject.sign, (State.in_review, State.signed))
RENEWED = consents.on_both_consents(ConsentSubject.renew, (State.under_review, State.signed))
TERMINATED = consents.on_both_consents(
    ConsentSubject.terminate, *((state, State.terminated) for state in IN_FORCE)
)
RECORDED = Branch(drafting.first_state, (State.requirement, State.drafted), {State.drafted: "sla.drafted"})
managers = partial(RecipientRule, roles=frozenset({Role.service_level_manager}))


def representatives_get(notice: NoticeType, when: str | None = None) -> tuple[RecipientRule, ...]:
    """Return that both representatives get that notice, if the property `when` of the agreement is true."""
    return (
        RecipientRule(notice, field="representative_id", when=when),
        RecipientRule(notice, field="party_representative_id", when=when),
    )


REPORTED = (
    *representatives_get(NoticeType.report_issued),
    RecipientRule(NoticeType.report_issued, created=AgreementReportRecipient),
)
REPORT_CORRECTED = (
    *representatives_get(NoticeType.report_corrected),
    RecipientRule(NoticeType.report_corrected, created=AgreementReportRecipient),
)
STEP_NOTICES = representatives_get(NoticeType.agreement_moved)
CONSENT_NOTICES = (*representatives_get(NoticeType.to_consent, when="awaits_consents"), *STEP_NOTICES)
TO_SIGN = representatives_get(NoticeType.to_sign)
# A refusal waits for IT, which submits the next text, and one of a step in force also for the other side.
REFUSED = (*representatives_get(NoticeType.consent_refused), managers(NoticeType.consent_refused))
NEGOTIATED = (
    RecipientRule(NoticeType.consent_refused, field="representative_id"),
    managers(NoticeType.consent_refused),
    RecipientRule(NoticeType.agreement_moved, field="party_representative_id"),
)
# It takes back the consents that were given.
APPOINTED = (
    *representatives_get(NoticeType.to_sign, when="awaits_signatures"),
    *representatives_get(NoticeType.to_consent, when="awaits_consents"),
)
STEPPED_DOWN = (
    RecipientRule(NoticeType.agreement_moved, field="representative_id"),
    managers(NoticeType.agreement_moved),
)
ENDING = (*representatives_get(NoticeType.agreement_ends), managers(NoticeType.agreement_ends))
GAP = (RecipientRule(NoticeType.agreement_gap, field="representative_id"), managers(NoticeType.agreement_gap))
REVIEW_DUE = (
    *representatives_get(NoticeType.agreement_review_due),
    managers(NoticeType.agreement_review_due),
)
REVIEW_OVERDUE = (
    *representatives_get(NoticeType.agreement_review_overdue),
    managers(NoticeType.agreement_review_overdue),
)

DOCUMENTS_KEPT = KeptDocuments(
    kind="sla", any=State, archivable=(State.superseded, State.terminated, State.expired)
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="sla", plural="slas", zh="服务级别协议", record=Agreement, code="SLA",
    face=FACE,
    visible=(to_staff(), to_persons("representative_id", "party_representative_id"), to_members("customer_id", "team_id", "supplier_id")),
    children=(*Agreement.PARTS, *DOCUMENTS, Attachment, AgreementConsent, AgreementAcknowledgement, AgreementReview, PersonStatement, *reports.CHILDREN),
    rows=(
        # action                             中文              from                to                  who                    event
        action(drafting.record_requirement,    "记录需求",       NEW_RECORD,         RECORDED,           BEGINNERS,             "sla.requirement_recorded",
               wrong=(not_its_negotiator, checks.invalid_requirement), prepare=(load_documents,),
               documents=drafting.documents_of_edition, notifies=STEP_NOTICES),
        action(drafting.draft,                 "起草",           [State.requirement], State.drafted,     DRAFTERS,              "sla.drafted",
               wrong=(checks.invalid_terms,), prepare=(load_documents,), documents=drafting.documents_of_draft, notifies=STEP_NOTICES),
        action(drafting.maintain_text,         "维护文本",       [State.drafted, State.negotiating], STAYS, agreement_maintainer, "sla.text_maintained",
               wrong=(checks.invalid_terms,), prepare=(load_documents, preparation.pending_consents), notifies=STEP_NOTICES),
        action(drafting.negotiate,             "协商",           NEGOTIABLE,         State.negotiating,  PARTIES,               "sla.negotiated",
               prepare=(preparation.pending_consents,), notifies=NEGOTIATED),
        action(drafting.submit_for_review,     "提交评审",       [State.negotiating], State.in_review,   service_level_manager, "sla.submitted",
               wrong=(checks.text_missing, unmeasurable_targets, gap_beneath), notifies=TO_SIGN),
        action(consents.sign,                  "签署",           [State.in_review],  SIGNED,             PARTIES,               "sla.signed",
               keys=Keys.UPLOADS,
               prepare=(preparation.consenting, preparation.validity, preparation.replaced_agreement, preparation.supporting_teams, preparation.zone,
                        load_documents),
               wrong=(consents.signs_another_text,),
               related=(consents.SUPERSEDE, consents.PROMISE), notifies=CONSENT_NOTICES),
        action(acknowledge,                    "知悉确认",       IN_FORCE,           STAYS,              lead_beneath.in_person(),          "sla.acknowledged",
               prepare=(preparation.acknowledgement_requests,)),
        action(reviews.review,                 "复审",           IN_FORCE,           State.under_review, service_level_manager, "sla.reviewed",
               unless=(reviews.reviewed_already,), wrong=(reviews.one_sided_review,), prepare=(preparation.zone,), notifies=CONSENT_NOTICES),
        action(reviews.ask_for_review,         "要求复审",       [State.signed],     STAYS,              PARTIES,               "sla.review_asked",
               unless=(reviews.review_is_due,), notifies=REVIEW_DUE),
        action(consents.renew,                 "续签",           [State.under_review], RENEWED,          PARTIES,               "sla.renewed",
               keys=Keys.UPLOADS, unless=(reviews.review_void,), prepare=(preparation.consenting, preparation.renewed_validity, preparation.replaced_agreement),
               wrong=(consents.effects_missing, consents.renewed_backwards, consents.consents_unread), related=(consents.PROMISE,), notifies=CONSENT_NOTICES),
        action(consents.terminate,             "终止",           IN_FORCE,           TERMINATED,         PARTIES,               "sla.terminated",
               keys=Keys.UPLOADS, prepare=(preparation.consenting, preparation.replaced_agreement),
               wrong=(consents.reason_missing, consents.consents_unread),
               related=(consents.PROMISE,), notifies=CONSENT_NOTICES),
        action(consents.amend,                 "变更协议",       IN_FORCE,           STAYS,              PARTIES,               "sla.consented",
               keys=Keys.UPLOADS, prepare=(preparation.consenting,), wrong=(consents.effects_missing, consents.wrong_change, consents.consents_unread),
               follow_up=follow_amendment, related=(consents.MAKE_VERSION,), notifies=CONSENT_NOTICES),
        action(consents.withdraw_consent,      "撤回同意",       [State.in_review, *IN_FORCE], STAYS,    PARTIES,               "sla.consent_withdrawn",
               unless=(consents.nothing_to_withdraw,), prepare=(preparation.withdrawn_consent,), notifies=STEP_NOTICES),
        action(consents.refuse_consent,        "拒绝同意",       IN_FORCE,           STAYS,              PARTIES,               "sla.consent_refused",
               unless=(consents.nothing_to_refuse,), prepare=(preparation.refused_consent,), notifies=REFUSED),
        action(make_version,                   "生成新版",       IN_FORCE,           STAYS,              rule,                  "sla.amended",
               notifies=STEP_NOTICES),
        action(supersede,                      "取代",           IN_FORCE,           State.superseded,   rule,                  "sla.superseded",
               prepare=(load_documents,), notifies=STEP_NOTICES),
        action(expire,                         "到期",           IN_FORCE,           State.expired,      rule,                  "sla.expired",
               due=DueAt("ends_at", "expire_agreements"),
               unless=(checks.still_valid,), prepare=(preparation.replaced_agreement,), related=(consents.END_PROMISE,), notifies=STEP_NOTICES),
        action(drafting.appoint,               "指定代表",       OPEN,               STAYS,              PARTIES,                "sla.representative_appointed",
               prepare=(preparation.pending_consents,), wrong=(checks.same_representative,), notifies=APPOINTED),
        action(drafting.step_down,             "辞任代表",       OPEN,               STAYS,              party_representative,  "sla.representative_stepped_down",
               prepare=(preparation.pending_consents,), notifies=STEPPED_DOWN),
        action(warn_of_end,                    "到期预警",       IN_FORCE,           STAYS,              rule,                  "sla.end_warned", notifies=ENDING),
        action(remind_of_review,               "提醒复审",       IN_FORCE,           STAYS,              rule,                  "sla.review_reminded",
               notifies=REVIEW_DUE),
        action(reports.issue_report,           "发布服务报告",   AGREED,             STAYS,              service_level_manager | rule, "sla.report_issued",
               document=lambda agreement: DocumentClass.SR.value, prepare=(load_documents,), wrong=(reports.already_issued,), notifies=REPORTED),
        action(reports.correct_report,         "更正服务报告",   AGREED,             STAYS,              service_level_manager, "sla.report_corrected",
               prepare=(load_documents, reports.newest_edition), wrong=(reports.nothing_differs,), notifies=REPORT_CORRECTED),
        action(reports.release_consequence, "确认违约后果", AGREED, STAYS, service_level_manager.in_person(), "sla.consequence_released",
               prepare=(reports.newest_edition, reports.proposed_consequence), notifies=representatives_get(NoticeType.consequence_released)),
        action(note_gap,                       "标记支撑缺口",   IN_FORCE,           STAYS,              rule,                  "sla.gap_noted", notifies=GAP),
        action(close_gap,                      "消除支撑缺口",   IN_FORCE,           STAYS,              rule,                  "sla.gap_closed"),
        action(flag_review,                    "标记复审逾期",   IN_FORCE,           STAYS,              rule,                  "sla.review_fell_overdue",
               notifies=REVIEW_OVERDUE),
        *statement_rows("sla", AGREED, forget=reviews.forget_attendance, prepare=(preparation.zone, reviews.denied_reviews),
                        notifies=(managers(NoticeType.statement_objected),)),
        *document_actions(DOCUMENTS_KEPT),
        *succession_rows("sla", State, handing_over=HandingOver(drafting.hand_over_duties, (preparation.pending_consents,), APPOINTED),
                         named={"representative_id": checks.successor_not_of_it,
                                "party_representative_id": checks.successor_not_of_party}),
    ),
)
# fmt: on
