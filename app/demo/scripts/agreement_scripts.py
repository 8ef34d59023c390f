"""Creation of the demo's agreements: OLAs and a UC first, then the SLAs that rest on them; all are signed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.demo.data.agreement_data import (
    BUSINESS_PROCESS,
    DEFAULT_SLA,
    FINANCE_SLA,
    FULFILMENT_HOURS,
    HOUR,
    NEEDS_TEXT,
    NOTHING_BENEATH,
    OLAS,
    PLANT_SLA,
    QUALITY_PLAN,
    RESPONSE_MINUTES,
    REVIEW_EXPECTATIONS,
    REVIEW_MINUTES,
    REVIEW_RESULTS,
    SPECIFICATION,
    TEXT,
    UC,
    UNCHANGED,
    DemoAgreement,
)
from app.demo.data.organisation import CURRENCY, HEAD_OF_IT, REQUESTERS, SERVICE_LEVEL_MANAGER
from app.demo.script import Script
from app.demo.scripts.incident_scripts import Member, Participants
from app.kernel.uploads import IncomingUpload, store_upload
from app.service_levels.agreements.payloads import (
    DraftSla,
    NegotiateSla,
    RecordRequirementSla,
    RenewSla,
    ReviewSla,
    SignSla,
    SubmitForReviewSla,
)

#: The yearly reviews since the agreements were signed, the last of them less than a year before the end.
REVIEWS, BETWEEN_REVIEWS = 2, timedelta(days=350)
SIGNED_DOCUMENT, SIGNATORY = "NT-017", "North Telecom 北方电信"
PARTY_FIELDS = {"SLA": "customer", "OLA": "team", "UC": "supplier"}


async def make_agreements(begin: Callable[[str], Script], cast: Participants) -> None:
    """Create the agreements that do not exist yet. `begin` returns a script of that name."""
    signed: dict[str, UUID] = {}
    for terms in (*OLAS, UC, DEFAULT_SLA, FINANCE_SLA, PLANT_SLA):
        script = begin(f"agreement-{terms.party or 'default'}")
        signed[terms.party] = await _sign(script, cast, terms, signed)
        await _review(script, cast, terms, signed[terms.party])


async def _sign(script: Script, cast: Participants, terms: DemoAgreement, signed: dict[str, UUID]) -> UUID:
    """Create the agreement and have both parties sign it; the supplier signs on paper."""
    manager, it = cast.heads[SERVICE_LEVEL_MANAGER], cast.heads[HEAD_OF_IT]
    party = _representative(cast, terms)
    record = await script.act(
        manager.caller, "sla", "record_requirement", None, _requirement(terms, it, party)
    )
    draft = _draft(terms, script, [str(signed[key]) for key in terms.rests_on])
    await script.act(manager.caller, "sla", "draft", record, draft)
    await script.act(it.caller, "sla", "negotiate", record, NegotiateSla(proposals="As drafted. 同意草案。"))
    gap = terms.gap_reason or (None if terms.rests_on else NOTHING_BENEATH)
    await script.act(manager.caller, "sla", "submit_for_review", record, SubmitForReviewSla(gap_reason=gap))
    await script.act(it.caller, "sla", "sign", record, SignSla())
    if party is None:
        await script.act(manager.caller, "sla", "sign", record, _on_paper(script, manager, SignSla))
    else:
        await script.act(party.caller, "sla", "sign", record, SignSla())
    return record


async def _review(script: Script, cast: Participants, terms: DemoAgreement, record: UUID) -> None:
    """Review the agreement with the other party each year, and renew it."""
    manager, it, party = (
        cast.heads[SERVICE_LEVEL_MANAGER],
        cast.heads[HEAD_OF_IT],
        _representative(cast, terms),
    )
    for _ in range(REVIEWS):
        script.now += BETWEEN_REVIEWS
        reviewed = ReviewSla(
            attended=(manager.id, it.id, *(() if party is None else (party.id,))),
            minutes=REVIEW_MINUTES,
            results=REVIEW_RESULTS,
            expectations=REVIEW_EXPECTATIONS,
        )
        await script.act(manager.caller, "sla", "review", record, reviewed)
        effects = {"effect_on_price": UNCHANGED, "effect_on_workload": UNCHANGED}
        await script.act(it.caller, "sla", "renew", record, RenewSla.model_validate(effects))
        if party is None:
            await script.act(manager.caller, "sla", "renew", record, _on_paper(script, manager, RenewSla))
        else:
            await script.act(party.caller, "sla", "renew", record, RenewSla())


def _on_paper(
    script: Script, manager: Member, consent: type[SignSla | RenewSla]
) -> Callable[[], Awaitable[SignSla | RenewSla]]:
    """Return what uploads the document of a party without an account, and makes the consent by it."""

    async def recorded() -> SignSla | RenewSla:
        assert manager.caller.person_id is not None
        content = f"{SIGNED_DOCUMENT}: {SIGNATORY}\n".encode()

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        upload_id = uuid5(manager.caller.person_id, f"{script.name}-{script.step}")
        sending = IncomingUpload(upload_id, manager.caller, len(content), pieces(), script.now)
        upload = await store_upload(script.maker.ledger, sending)
        return consent(signed_document=SIGNED_DOCUMENT, signatory=SIGNATORY, upload=upload.id)

    return recorded


def _representative(cast: Participants, terms: DemoAgreement) -> Member | None:
    """Return the representative of the other party; None for the supplier, who has no account here."""
    if terms.agreement_type == "OLA":
        return cast.staff[terms.party][0]
    if terms.agreement_type == "UC":
        return None
    customers = [customer for _, customer in REQUESTERS]
    return cast.requesters[customers.index(terms.party) if terms.party else 0]


def _requirement(terms: DemoAgreement, it: Member, party: Member | None) -> RecordRequirementSla:
    body: dict[str, Any] = {
        "agreement_type": terms.agreement_type,
        "title": terms.title,
        "needs": NEEDS_TEXT,
        "business_process": BUSINESS_PROCESS,
        "services": terms.services,
        "representative": it.id,
    }
    if terms.party:
        body[PARTY_FIELDS[terms.agreement_type]] = terms.party
    if party is not None:
        body["party_representative"] = party.id
    return RecordRequirementSla.model_validate(body)


def _draft(terms: DemoAgreement, script: Script, rests_on: list[str]) -> DraftSla:
    return DraftSla.model_validate(
        {
            "calendar": terms.calendar,
            "valid_from": script.now.date().isoformat(),
            "targets": _targets(terms),
            "rests_on": rests_on,
            "reopen_days": 7,
            "degraded_weight": "0.5",
            "notice_days": 90,
            "price_amount": "48000.00",
            "price_currency": CURRENCY,
            "price_period": "year",
            "text": TEXT[terms.agreement_type],
            "specification": SPECIFICATION,
            "quality_plan": QUALITY_PLAN,
        }
    )


def _targets(terms: DemoAgreement) -> list[dict[str, Any]]:
    """Return the targets: resolution by priority, of an SLA also response, fulfilment and availability."""
    waits = [HoldReason.awaiting_requester]
    targets: list[dict[str, Any]] = [
        {
            "id": f"resolution-{priority.value.lower()}",
            "metric": "resolution",
            "process": "incident",
            "priority": priority,
            "threshold_seconds": int(hours * HOUR),
            "compliance": "0.9",
            "pause_reasons": waits,
        }
        for priority, hours in terms.hours.items()
    ]
    if terms.agreement_type != "SLA":
        return targets
    targets += [
        {
            "id": f"response-{priority.value.lower()}",
            "metric": "response",
            "process": "incident",
            "priority": priority,
            "threshold_seconds": minutes * 60,
            "compliance": "0.95",
        }
        for priority, minutes in RESPONSE_MINUTES.items()
    ]
    # Not for projects, whose dates are agreed one by one: they have a higher priority.
    fulfilment = {"id": "fulfilment", "metric": "fulfilment", "process": "request", "compliance": "0.9"}
    fulfilment["priority"] = Priority.P4
    pauses = {"pause_reasons": waits, "pause_states": ["awaiting_approval", "in_acceptance"]}
    targets.append({**fulfilment, **pauses, "threshold_seconds": FULFILMENT_HOURS * HOUR})
    if terms.availability is not None:
        promise = {"metric": "availability", "comparator": "ge", "threshold": terms.availability}
        targets.append({"id": "availability", **promise})
    return targets
