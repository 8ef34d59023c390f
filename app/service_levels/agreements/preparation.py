"""Reads that actions on agreements need before they are decided."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.people import Role
from app.common.times.clocks import AgreementType
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.log.events import stream
from app.service_levels.agreements.agreement_sides import agreement_sides, party_has_accounts
from app.service_levels.agreements.lookups import agreements_with
from app.service_levels.agreements.payloads import Consent, RefuseConsentSla, WithdrawConsentSla
from app.service_levels.agreements.records import (
    IN_FORCE,
    Agreement,
    AgreementAcknowledgement,
    AgreementConsent,
    AgreementSide,
    ConsentSubject,
)

DAY = timedelta(days=1)
#: The states of a change that is approved, and neither undone nor given up.
APPROVED_CHANGE = frozenset({"approved", "scheduled", "implementing", "implemented", "closed"})
#: A change that is closed after one of these outcomes was not made as approved.
FAILED_OUTCOMES = frozenset({"failed", "backed_out"})


@dataclass(frozen=True, slots=True)
class ConsentRound:
    """The effect of the consent that the action gives: its side and terms, the consents that it replaces, and
    the other side's consent to the same terms, which it completes.
    """

    subject: ConsentSubject
    side: AgreementSide
    terms: dict[str, Any]
    withdrawn: tuple[AgreementConsent, ...]
    other: AgreementConsent | None

    @property
    def complete(self) -> bool:
        """Return whether both sides have consented with it."""
        return self.other is not None


async def consent_side(
    reads: ReadContext, agreement: Agreement, body: Consent, ctx: ActionContext
) -> AgreementSide:
    """Return the side whose consent the caller gives: that which they represent and belong to; or, for a
    service level manager with a signed document, the other party's, if that party has no accounts. Raises
    WrongValue, or PreparationRefused if a representative is of the wrong side.
    """
    person = ctx.caller.person_id
    if body.signed_document is not None:
        if not ctx.caller.has_role(Role.service_level_manager, agreement):
            raise WrongValue(pointer="/signed_document", because="manager_records_documents")
        if body.side is AgreementSide.it:
            raise WrongValue(pointer="/side", because="it_signs_itself")
        if await party_has_accounts(reads, agreement):
            raise WrongValue(pointer="/signed_document", because="party_consents_itself")
        return AgreementSide.party
    sides = []
    if person is not None and person == agreement.representative_id:
        sides.append(AgreementSide.it)
    if person is not None and person == agreement.party_representative_id:
        sides.append(AgreementSide.party)
    if not sides:
        raise WrongValue(pointer="/signed_document", because="document_of_consent")
    if body.side is not None and body.side not in sides:
        raise WrongValue(pointer="/side", because="not_your_side")
    belonging = await agreement_sides(reads, agreement, agreement.party_id, [person])
    if person not in belonging.persons_on(sides[0]):
        raise PreparationRefused("represents_wrong_side")
    return sides[0]


async def consenting(
    reads: ReadContext, agreement: Agreement, body: Consent, ctx: ActionContext
) -> ConsentRound:
    """Find the effect of the consent. Terms or effects that differ from those of the other side are a
    counter-proposal, which takes that consent back. Raises WrongValue, or PreparationRefused if one person
    would consent for both sides.
    """
    side = await consent_side(reads, agreement, body, ctx)
    all_pending = await reads.children(AgreementConsent, agreement, complete=False)
    pending = [consent for consent in all_pending if consent.subject is body.SUBJECT]
    other = next((c for c in pending if c.side is not side and not _is_of_earlier_review(agreement, c)), None)
    proposed = body.usual_terms(agreement) if other is None else other.terms or {}
    terms = {**proposed, **body.terms(ctx)}
    if other is not None and (terms != proposed or body.names_effects):
        other = None
    if other is not None and other.given_by_id == ctx.caller.person_id:
        raise PreparationRefused("consented_for_the_other")
    # Renewals and amendments share their effects, and what both have agreed ends other proposals.
    ends_all = other is not None or body.names_effects
    withdrawn = tuple(c for c in (all_pending if ends_all else pending) if other is None or c.id != other.id)
    return ConsentRound(body.SUBJECT, side, terms, withdrawn, other)


def _is_of_earlier_review(agreement: Agreement, consent: AgreementConsent) -> bool:
    """Return whether a review has followed the consent, which then counts no more."""
    reviewed_at = agreement.last_reviewed_at
    if consent.subject is ConsentSubject.sign or reviewed_at is None or consent.consented_at is None:
        return False
    return consent.consented_at < reviewed_at


@dataclass(frozen=True, slots=True)
class WithdrawnConsent:
    """The consents that the caller's side takes back."""

    consents: tuple[AgreementConsent, ...]


async def withdrawn_consent(
    reads: ReadContext, agreement: Agreement, body: WithdrawConsentSla, ctx: ActionContext
) -> WithdrawnConsent:
    """Find the pending consent of the caller's side. Raises PreparationRefused without one."""
    representatives = {
        AgreementSide.it: agreement.representative_id,
        AgreementSide.party: agreement.party_representative_id,
    }
    consents = tuple(
        consent
        for consent in await reads.children(AgreementConsent, agreement, complete=False)
        if consent.subject is body.subject
        and consent.side is not None
        and representatives[consent.side] == ctx.caller.person_id
    )
    if not consents:
        raise PreparationRefused("no_consent_to_withdraw")
    return WithdrawnConsent(consents)


@dataclass(frozen=True, slots=True)
class RefusedConsent:
    """The consents of the other side that the caller's side does not join."""

    consents: tuple[AgreementConsent, ...]


async def refused_consent(
    reads: ReadContext, agreement: Agreement, body: RefuseConsentSla, ctx: ActionContext
) -> RefusedConsent:
    """Find the other side's pending consent. Raises PreparationRefused without one, and for a caller who
    represents neither side.
    """
    representatives = {
        AgreementSide.it: agreement.party_representative_id,
        AgreementSide.party: agreement.representative_id,
    }
    consents = tuple(
        consent
        for consent in await reads.children(AgreementConsent, agreement, complete=False)
        if consent.subject is body.subject
        and consent.side is not None
        and representatives[consent.side] == ctx.caller.person_id
    )
    if not consents:
        raise PreparationRefused("no_consent_to_refuse")
    return RefusedConsent(consents)


@dataclass(frozen=True, slots=True)
class PendingConsents:
    """The consents to the agreement that wait for the other side."""

    consents: tuple[AgreementConsent, ...]


async def pending_consents(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> PendingConsents:
    """Find the consents that a change of the text takes back."""
    consents = await reads.children(AgreementConsent, agreement, complete=False)
    return PendingConsents(tuple(consents))


@dataclass(frozen=True, slots=True)
class Validity:
    """The instants from and until which the agreement is valid (without an end, None), and its first day."""

    begins_at: datetime
    ends_at: datetime | None
    first_day: str


async def zone_of(reads: ReadContext, agreement: Agreement) -> ZoneInfo:
    """Return the zone of the agreement's calendar."""
    calendars = await reads.by_key("calendar", agreement.calendar or "")
    return ZoneInfo(calendars[0].record.time_zone) if calendars else ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone in which the agreement's days and months are counted: that of its calendar."""

    zone: ZoneInfo


async def zone(reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext) -> Zone:
    """Find the zone of the agreement's calendar."""
    return Zone(await zone_of(reads, agreement))


def months_later(since: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the instant so many months later by the zone's clocks; where that month has no such day, on its
    last one.
    """
    local = since.astimezone(zone)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, monthrange(year, month + 1)[1])
    return datetime.combine(date(year, month + 1, day), local.time(), zone).astimezone(UTC)


def day_begin(day: str, zone: ZoneInfo) -> datetime:
    """Return the first instant of the day in the zone."""
    return datetime.combine(date.fromisoformat(day), time(), zone).astimezone(UTC)


def day_end(day: str, zone: ZoneInfo) -> datetime:
    """Return the first instant after the day in the zone."""
    return datetime.combine(date.fromisoformat(day) + DAY, time(), zone).astimezone(UTC)


@caller_check
async def validity(reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext) -> Validity:
    """Find the instants of the agreement's validity. Raises PreparationRefused if it would be over when it is
    signed, or another agreement with the same party about the same covers some of that time.

    One that replaces another begins when both have signed, at the earliest: what the other one has promised
    holds until then. A first one may reach back.
    """
    assert agreement.valid_from is not None
    zone = await zone_of(reads, agreement)
    begin, first_day = day_begin(agreement.valid_from, zone), agreement.valid_from
    if agreement.replaces_id is not None and begin < ctx.now:
        begin, first_day = ctx.now, ctx.now.astimezone(zone).date().isoformat()
    end = None if agreement.valid_to is None else day_end(agreement.valid_to, zone)
    if end is not None and end <= max(begin, ctx.counts_from):
        raise PreparationRefused("agreement_is_over", {"day": agreement.valid_to or ""})
    return await _free_validity(reads, agreement, Validity(begin, end, first_day))


async def renewed_validity(
    reads: ReadContext, agreement: Agreement, body: Any, ctx: ActionContext
) -> Validity:
    """Find the instants of the validity that the renewal leads to; see `validity`."""
    valid_to = ctx.prepared(ConsentRound).terms.get("valid_to")
    assert agreement.begins_at is not None
    assert agreement.valid_from is not None
    end = None if valid_to is None else day_end(valid_to, await zone_of(reads, agreement))
    return await _free_validity(reads, agreement, Validity(agreement.begins_at, end, agreement.valid_from))


async def _free_validity(reads: ReadContext, agreement: Agreement, validity: Validity) -> Validity:
    for other in await agreements_with(reads, agreement):
        is_taken = other.scope == scope_of(agreement) and other.id not in (
            agreement.id,
            agreement.replaces_id,
        )
        if is_taken and _overlap(validity, other.begins_at, other.ends_at):
            raise PreparationRefused("covered_already", {"number": other.number})
    return validity


def _overlap(validity: Validity, begins_at: datetime, ends_at: datetime | None) -> bool:
    return (ends_at is None or validity.begins_at < ends_at) and (
        validity.ends_at is None or begins_at < validity.ends_at
    )


def scope_of(agreement: Agreement) -> tuple[frozenset[str], frozenset[str]]:
    """Return the services and the catalogue items that the agreement is about."""
    return frozenset(agreement.services or ()), frozenset(agreement.catalogue_items or ())


@dataclass(frozen=True, slots=True)
class ReplacedAgreement:
    """The agreement that a signature supersedes, if it is still in force; and the streams of the services in
    whose catalogue entries the signature, the renewal or the end of this one shows.
    """

    agreement: Agreement | None
    services: tuple[str, ...]


async def replaced_agreement(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> ReplacedAgreement:
    """Find the agreement that this one replaces, and the services that either is about."""
    replaced = None
    if agreement.replaces_id is not None and agreement.signed_at is None:
        loaded = await reads.record(Agreement.KIND, str(agreement.replaces_id))
        if loaded is not None and loaded.record.state in IN_FORCE:
            replaced = loaded.record
    is_visible = agreement.agreement_type is AgreementType.sla
    keys = (
        dict.fromkeys((*(agreement.services or ()), *((replaced and replaced.services) or ())))
        if is_visible
        else {}
    )
    streams = [
        stream("service", service.record.id) for key in keys for service in await reads.by_key("service", key)
    ]
    return ReplacedAgreement(replaced, tuple(streams))


@dataclass(frozen=True, slots=True)
class SupportingTeams:
    """The teams of the OLAs and UCs that the agreement rests on."""

    teams: tuple[Team, ...]


async def supporting_teams(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> SupportingTeams:
    """Find the teams beneath the agreement, each once."""
    teams: dict[UUID, Team] = {}
    for name in agreement.rests_on or ():
        beneath = await reads.record(Agreement.KIND, name)
        party = None if beneath is None else beneath.record.party_id
        team = None if party is None else await reads.record(Team.KIND, str(party))
        if team is not None:
            teams[team.record.id] = team.record
    return SupportingTeams(tuple(teams.values()))


@dataclass(frozen=True, slots=True)
class AcknowledgementRequests:
    """The acknowledgements that are asked of the caller, as the lead of teams."""

    rows: tuple[AgreementAcknowledgement, ...]


@caller_check
async def acknowledgement_requests(
    reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext
) -> AcknowledgementRequests:
    """Find the acknowledgements that the caller owes: of teams that they lead now, and that have not
    acknowledged it. Raises PreparationRefused without any.
    """
    rows = []
    for agreement_acknowledgement in await reads.children(AgreementAcknowledgement, agreement):
        team = await reads.record(Team.KIND, str(agreement_acknowledgement.team_id))
        leads = team is not None and team.record.lead_id == ctx.caller.person_id
        if agreement_acknowledgement.acknowledged_at is None and leads:
            rows.append(agreement_acknowledgement)
    if not rows:
        raise PreparationRefused("nothing_to_acknowledge")
    return AcknowledgementRequests(tuple(rows))


def is_approved_change(change: Any) -> bool:
    """Return whether the change itself was approved, and is neither undone nor given up. Nobody has voted on
    a standard change.
    """
    voted_on = str(change.type) != "standard"
    return voted_on and str(change.state) in APPROVED_CHANGE and str(change.outcome) not in FAILED_OUTCOMES
