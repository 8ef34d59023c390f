"""Checks of actions on agreements, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from app.common.people import Person, Role
from app.common.records import all_values
from app.common.times.clocks import AgreementType
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.service_levels.agreements.agreement_sides import (
    agreement_sides,
    may_speak_for_customers,
    speakers_of_party,
)
from app.service_levels.agreements.payloads import (
    AppointSla,
    DraftSla,
    MaintainTextSla,
    RecordRequirementSla,
)
from app.service_levels.agreements.records import Agreement, TargetComparator
from app.service_levels.agreements.terms.copying import apply_terms, copy_terms

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Least share of cases that meet a target: a target that is rarely met promises nothing.
LEAST_COMPLIANCE = Decimal("0.5")
#: Contents that a draft must have; it may take them over from another agreement.
COMPULSORY = ("targets", "specification", "quality_plan", "calendar", "valid_from")
#: Further contents that an agreement must have when it is submitted: a price, and a text for the customer.
COMPULSORY_FOR_REVIEW = (*COMPULSORY, "price_amount", "price_currency", "price_period", "text")


async def invalid_requirement(
    reads: ReadContext, agreement: Agreement, body: RecordRequirementSla, ctx: ActionContext
) -> None:
    """Refuse parties that are not of the agreement's type, an invalid scope, and representatives who are of
    the wrong side, or the same person.
    """
    if body.replaces is not None:
        if not ctx.command.follows:
            raise WrongValue(pointer="/replaces", because="only_by_amending")
        return
    _check_parties(body)
    _check_scope(
        body.agreement_type,
        customer=body.customer is not None,
        services=bool(body.services),
        items=bool(body.catalogue_items),
    )
    _check_representatives(ctx)
    party = ctx.ref(Team, "customer") or ctx.ref(Team, "team") or ctx.ref(Team, "supplier")
    ours = ctx.caller.person_id if (person := ctx.ref(Person, "representative")) is None else person.id
    await _check_sides(reads, agreement, None if party is None else party.id, ours, ctx)
    await _check_speaker(reads, agreement, party, ours, ctx)
    if ctx.ref(Person, "party_representative") is None:
        await _check_default_speaker(reads, agreement, party, ours)


async def _check_default_speaker(
    reads: ReadContext, agreement: Agreement, party: Team | None, representative_id: UUID | None
) -> None:
    """Check that the lead of the other party's team, who signs for it if nobody is named, is on its side.
    Raises WrongValue.
    """
    lead_id = None if party is None else party.lead_id
    if party is None or lead_id is None or lead_id == representative_id:
        return
    sides = await agreement_sides(reads, agreement, party.id, (lead_id,))
    if lead_id not in sides.party:
        raise WrongValue(pointer="/party_representative", because="party_lead_cannot_sign")


async def _check_speaker(
    reads: ReadContext,
    agreement: Agreement,
    party: Team | None,
    representative_id: UUID | None,
    ctx: ActionContext,
) -> None:
    """Check that IT does not choose who signs for the other party where the party has a lead: the lead signs,
    in a default agreement the lead of any customer's team. The lead and the present representative name
    anybody of their side. Raises WrongValue.
    """
    theirs = ctx.ref(Person, "party_representative")
    if theirs is None:
        return
    speakers = await speakers_of_party(reads, agreement, party, representative_id)
    if ctx.caller.person_id in speakers:
        return
    if (because := await _may_not_speak(reads, speakers, theirs, party)) is not None:
        raise WrongValue(pointer="/party_representative", because=because)


async def _may_not_speak(
    reads: ReadContext, speakers: tuple[UUID, ...], theirs: Person, party: Team | None
) -> str | None:
    """Return why IT cannot name the person as the representative of the other party, or None."""
    if speakers:
        return None if theirs.id == speakers[0] else "party_names_its_own"
    may_speak = party is not None or await may_speak_for_customers(reads, theirs.id)
    return None if may_speak else "party_has_no_lead"


async def successor_not_of_it(
    reads: ReadContext, agreement: Agreement, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the representative who is not on IT's side."""
    sides = await agreement_sides(reads, agreement, agreement.party_id, (successor.id,))
    if successor.id not in sides.it:
        raise WrongValue(pointer="/new_holder", because="not_on_its_side")


async def successor_not_of_party(
    reads: ReadContext, agreement: Agreement, successor: Person, ctx: ActionContext
) -> None:
    """Refuse a successor as the other party's representative who is not on its side, or whom IT cannot name
    because the party's lead signs.
    """
    sides = await agreement_sides(reads, agreement, agreement.party_id, (successor.id,))
    if successor.id not in sides.party:
        raise WrongValue(pointer="/new_holder", because="not_on_party_side")
    loaded = None if agreement.party_id is None else await reads.record(Team.KIND, str(agreement.party_id))
    party = None if loaded is None else loaded.record
    speakers = await speakers_of_party(reads, agreement, party, agreement.representative_id)
    if (because := await _may_not_speak(reads, speakers, successor, party)) is not None:
        raise WrongValue(pointer="/new_holder", because=because)


async def _check_sides(
    reads: ReadContext,
    agreement: Agreement,
    party_id: UUID | None,
    representative_id: UUID | None,
    ctx: ActionContext,
) -> None:
    """Check that the representatives that the payload names belong to their sides. Raises WrongValue."""
    theirs = ctx.ref(Person, "party_representative")
    persons = (representative_id, None if theirs is None else theirs.id)
    sides = await agreement_sides(reads, agreement, party_id, persons)
    if representative_id is not None and representative_id not in sides.it:
        raise WrongValue(pointer="/representative", because="not_on_its_side")
    if theirs is not None and theirs.id not in sides.party:
        raise WrongValue(pointer="/party_representative", because="not_on_party_side")


def _check_parties(body: RecordRequirementSla) -> None:
    party = {AgreementType.sla: "customer", AgreementType.ola: "team", AgreementType.uc: "supplier"}
    required = party[body.agreement_type]
    for name in party.values():
        if name != required and getattr(body, name) is not None:
            words = {"type": body.agreement_type}
            raise WrongValue(words, pointer=f"/{name}", because="not_this_party")
    if getattr(body, required) is None and body.agreement_type is not AgreementType.sla:
        raise WrongValue(pointer=f"/{required}", because="missing")


def _check_scope(kind: AgreementType, *, customer: bool, services: bool, items: bool) -> None:
    """Check that the scope has one of the four forms of an SLA: service and customer and item, service and
    customer, service, or nothing; of an OLA and a UC, services or nothing. Raises WrongValue.
    """
    if items and not (kind is AgreementType.sla and customer and services):
        raise WrongValue(pointer="/catalogue_items", because="items_of_customers_services")
    if customer and not services:
        raise WrongValue(pointer="/services", because="services_of_customer")


def _check_representatives(ctx: ActionContext) -> None:
    ours, theirs = ctx.ref(Person, "representative"), ctx.ref(Person, "party_representative")
    if theirs is not None and theirs.id == (ctx.caller.person_id if ours is None else ours.id):
        raise WrongValue(pointer="/party_representative", because="represents_both")


async def same_representative(
    reads: ReadContext, agreement: Agreement, body: AppointSla, ctx: ActionContext
) -> None:
    """Refuse representatives of the wrong side, or one for both parties; and a side that names the
    representative of the other one.
    """
    ours, theirs = ctx.ref(Person, "representative"), ctx.ref(Person, "party_representative")
    after = (
        agreement.representative_id if ours is None else ours.id,
        agreement.party_representative_id if theirs is None else theirs.id,
    )
    if after[0] == after[1]:
        named = "representative" if body.party_representative is None else "party_representative"
        raise WrongValue(pointer=f"/{named}", because="represents_both")
    if ours is not None and not ctx.caller.has_role(Role.service_level_manager, agreement):
        raise WrongValue(pointer="/representative", because="manager_names_representative")
    await _check_sides(reads, agreement, agreement.party_id, None if ours is None else ours.id, ctx)
    loaded = None if agreement.party_id is None else await reads.record(Team.KIND, str(agreement.party_id))
    await _check_speaker(reads, agreement, None if loaded is None else loaded.record, after[0], ctx)


async def invalid_terms(
    reads: ReadContext, agreement: Agreement, body: DraftSla | MaintainTextSla, ctx: ActionContext
) -> None:
    """Refuse terms that lack something compulsory or contradict one another."""
    after = agreement.editable_copy()
    source = ctx.ref(Agreement, "copy_of")
    if source is not None:
        copy_terms(after, source)
        after.services, after.catalogue_items = agreement.services, agreement.catalogue_items
    apply_terms(after, body, ctx)
    require_terms(after, COMPULSORY)
    assert after.agreement_type is not None
    _check_scope(
        after.agreement_type,
        customer=after.customer_id is not None,
        services=bool(after.services),
        items=bool(after.catalogue_items),
    )
    _check_days(after)
    _check_targets(after)
    _check_beneath(after, ctx)


def require_terms(agreement: Agreement, names: Iterable[str]) -> None:
    """Check that the agreement has these terms. Raises WrongValue with all that it lacks."""
    values = all_values(agreement)
    missing = [WrongValue(pointer=f"/{name}", because="missing") for name in names if not values[name]]
    if missing:
        raise WrongValue(pointer=missing[0].pointer, because="missing", further=tuple(missing[1:]))


def _check_days(agreement: Agreement) -> None:
    if agreement.valid_to is None:
        return
    assert agreement.valid_from is not None
    if date.fromisoformat(agreement.valid_to) < date.fromisoformat(agreement.valid_from):
        raise WrongValue(pointer="/valid_to", because="not_behind_start")


def _check_targets(agreement: Agreement) -> None:
    """Check that each target has an id of its own and promises something: more than nothing, for at least
    half of the cases; and that consequences are of targets.
    """
    ids: set[str] = set()
    for n, target in enumerate(agreement.targets or ()):
        if target["id"] in ids:
            raise WrongValue(pointer=f"/targets/{n}/id", because="each_once")
        ids.add(target["id"])
        if target["compliance"] is not None and Decimal(target["compliance"]) < LEAST_COMPLIANCE:
            words = {"least": str(LEAST_COMPLIANCE)}
            raise WrongValue(words, pointer=f"/targets/{n}/compliance", because="compliance_too_low")
        is_least = target["comparator"] in (TargetComparator.ge, TargetComparator.gt)
        if is_least and target["threshold"] is not None and not Decimal(target["threshold"]):
            raise WrongValue(pointer=f"/targets/{n}/threshold", because="promises_nothing")
    for n, consequence in enumerate(agreement.consequences or ()):
        if consequence["target"] not in ids:
            raise WrongValue(pointer=f"/consequences/{n}/target", because="no_such_target")


def _check_beneath(agreement: Agreement, ctx: ActionContext) -> None:
    """Check that only an SLA rests on others, and on OLAs and UCs."""
    if agreement.rests_on and agreement.agreement_type is not AgreementType.sla:
        raise WrongValue(pointer="/rests_on", because="only_slas_rest")
    for n, supporting in enumerate(ctx.refs(Agreement, "rests_on")):
        if supporting.agreement_type is AgreementType.sla:
            raise WrongValue(pointer=f"/rests_on/{n}", because="rests_on_olas_and_ucs")


async def text_missing(reads: ReadContext, agreement: Agreement, body: object, ctx: ActionContext) -> None:
    """Refuse to submit an agreement that lacks its text or another compulsory term."""
    require_terms(agreement, COMPULSORY_FOR_REVIEW)


async def still_valid(reads: ReadContext, agreement: Agreement, ctx: ActionContext) -> str | None:
    """Refuse that an agreement expires before its end (`agreement_still_valid`)."""
    return None if agreement.ends_at is not None and agreement.ends_at <= ctx.now else "agreement_still_valid"
