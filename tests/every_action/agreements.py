"""What is said of agreements on service levels, and of the yearly plans of them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from app.common.people import Caller, rule_caller
from app.foundation.people.memberships import JoinPerson
from app.foundation.people.records import TeamKind
from app.foundation.people.teams import AddTeam, EditTeam
from app.foundation.services.services import PromiseService, ProposeService
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.registry import LIFECYCLES
from app.service_levels.agreements.payloads import (
    AcknowledgeSla,
    AmendSla,
    AppointSla,
    DraftSla,
    MaintainTextSla,
    MakeVersionSla,
    NegotiateSla,
    NoteGapSla,
    RecordRequirementSla,
    RefuseConsentSla,
    RenewSla,
    ReviewSla,
    SignSla,
    SubmitForReviewSla,
    SupersedeSla,
    TerminateSla,
    WarnOfEndSla,
    WithdrawConsentSla,
)
from app.service_levels.plans.lifecycle import DraftServiceLevelPlan, ReviseServiceLevelPlan
from app.ticketing.records import Task
from tests.client import Client, Json
from tests.every_action import documents
from tests.every_action.alterations import approved_change
from tests.every_action.world_data import CALENDAR, IDS, NOBODYS, NUMBERS
from tests.people import act, add_person
from tests.service_levels.agreements.samples import signed_elsewhere

#: Of each year one plan is adopted.
YEARS = count(1900)
TARGET = {
    "id": "t1",
    "metric": "resolution",
    "process": "incident",
    "priority": "P1",
    "threshold_seconds": 14_400,
    "comparator": "le",
    "compliance": "0.95",
    "pause_reasons": ["awaiting_requester"],
    "pause_states": [],
    "warning_percents": [50, 75, 90],
}
#: It ends tomorrow: what is over cannot be signed, and what is not over does not expire.
ENDS = datetime.now(UTC) + timedelta(days=1)
#: How far ahead a rule carries out what only time brings.
AHEAD = {
    ("sla", "expire"): timedelta(days=3),
    ("document", "end_access"): timedelta(hours=2),
    **dict.fromkeys(
        ((lifecycle.kind, "flag_task") for lifecycle in LIFECYCLES if Task in lifecycle.children),
        timedelta(hours=2),
    ),
    **{(kind, "end_document_access"): timedelta(hours=2) for kind in documents.STATES},
}
TERMS: Json = {
    "title": "Mail for finance 财务邮件",
    "valid_from": "2020-01-01",
    "valid_to": f"{ENDS:%Y-%m-%d}",
    "notice_days": 90,
    "calendar": CALENDAR,
    "targets": [TARGET],
    "reporting_period": "month",
    "review_months": 6,
    "reopen_days": 7,
    "degraded_weight": "0.5",
    "maintenance_counts": False,
    "price_amount": "15000.00",
    "price_currency": "CNY",
    "price_period": "year",
    "cost_amount": "12000.00",
    "cost_currency": "CNY",
    "cost_period": "year",
    "consequences": [
        {"target": "t1", "kind": "credit", "tiers": [{"below": "0.95", "percent": "5", "amount": "500"}]}
    ],
    "workload": [{"process": "incident", "per": "month", "cases": 200}],
    "workload_above": "Within twice the time.",
    "customer_duties": "One contact by day.",
    "security_boundary": "IT answers for the relay, finance for its accounts.",
    "resources": "An engineer by night.",
    "text": "Mail works within half a day. 半天内恢复邮件。",
    "specification": "The mail team restores the relay.",
    "quality_plan": "Counted by the clocks.",
}
EFFECTS = {
    "effect_on_price": "It stays the same. 不变。",
    "effect_on_cost": "It stays the same. 不变。",
    "effect_on_workload": "Ten cases more.",
}


def _entries() -> list[Json]:
    return [{"service": IDS["service_key"], "agreement_type": "SLA", "negotiator": IDS["person"]}]


#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    RecordRequirementSla: lambda: {
        "agreement_type": "SLA",
        "title": "Mail for all 邮件",
        "needs": "Mail within the hour. 一小时内。",
        "business_process": "Closing of the books",
        "representative": IDS["it"],
        "customer": IDS["quiet"],
        "services": [IDS["service_key"]],
    },
    DraftSla: lambda: {**TERMS, "rests_on": [IDS["ola"]], "copy_of": IDS["ola"]},
    MaintainTextSla: lambda: {"what_changed": "Two hours. 两小时。", "text": "Within two hours."},
    NegotiateSla: lambda: {"proposals": "Three hours. 三小时。"},
    SubmitForReviewSla: lambda: {"gap_reason": "The new contract begins in May."},
    SignSla: dict,
    RenewSla: lambda: {**EFFECTS, "valid_to": "2199-12-31"},
    TerminateSla: lambda: {"reason": "It is bought elsewhere. 外购。"},
    AmendSla: lambda: {**EFFECTS, "change": NOBODYS},
    WithdrawConsentSla: lambda: {"subject": "amend"},
    RefuseConsentSla: lambda: {"reason": "Too dear. 太贵。", "subject": "amend"},
    MakeVersionSla: lambda: {"change": NOBODYS},
    SupersedeSla: lambda: {
        "replaced_by": IDS["ola"],
        "from_date": "2020-06-01",
        "from_at": "2020-05-31T16:00:00Z",
    },
    AcknowledgeSla: dict,
    ReviewSla: lambda: {
        "attended": ["me"],
        "minutes": "The targets fit. 符合。",
        "results": "97 % in time.",
        "expectations": "Saturdays.",
    },
    NoteGapSla: lambda: {"beneath": IDS["ola"]},
    WarnOfEndSla: lambda: {"days": 30},
    AppointSla: lambda: {"representative": IDS["doer"]},
    PromiseService: lambda: {
        "agreement": IDS["ola"],
        "number": "SLA-2026-000001",
        "services": ["mail"],
        "calendar": CALENDAR,
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "targets": [],
    },
    DraftServiceLevelPlan: lambda: {"title": "Agreements 协议", "year": next(YEARS), "entries": _entries()},
    ReviseServiceLevelPlan: lambda: {"entries": _entries()},
}


async def _of_a_quiet_customer(client: Client, path: str) -> Json:
    """A customer nobody of whom has an account."""
    team = AddTeam(key=f"quiet-{next(NUMBERS)}", name="A quiet customer", kind=TeamKind.customer)
    done = await act(client.app.state.ledger, rule_caller("tests"), "team", "add", body=team)
    return {"customer": str(done.record.id)}


async def _of_a_new_service(client: Client, path: str) -> Json:
    """A service that no other agreement is about: of two about one only one can be signed."""
    ledger, key = client.app.state.ledger, f"promised-{next(NUMBERS)}"
    names = {"key": key, "name_en": key, "name_zh": key, "criticality": "low", "owner": IDS["doer"]}
    body = ProposeService.model_validate(names)
    result = await act(ledger, rule_caller("tests"), "service", "propose", body=body)
    await act(ledger, rule_caller("tests"), "service", "go_live", result.record.id, EmptyPayload())
    return {"services": [key]}


async def _recorded(client: Client, path: str) -> Json:
    """A caller who represents neither party records the document that the other one signed."""
    agreement = await client.read(path)
    sides = [agreement[name] for name in ("representative", "party_representative")]
    if client.id in [side["id"] for side in sides if side is not None]:
        return {}
    return await signed_elsewhere(client)


async def _by_an_approved_change(client: Client, path: str) -> Json:
    change = await approved_change(client.app.state.ledger, IDS["ci"], *(await client.read(path))["services"])
    return {**await _recorded(client, path), "change": change}


async def _consented(client: Client, path: str) -> Json:
    """They represent IT, and have consented to the step."""
    agreement = await client.read(path)
    if (agreement["representative"] or {}).get("id") != client.id:
        await client.post(f"{path}/appoint", json={"representative": client.id})
    in_review = agreement["state"] == "in_review"
    act_name = "sign" if in_review else "amend"
    body = {} if in_review else {**EFFECTS, **await _by_an_approved_change(client, path)}
    await client.post(f"{path}/{act_name}", json=body)
    return {"subject": act_name}


async def _proposed(client: Client, path: str) -> Json:
    """They represent IT, and the other party has consented to the end of the agreement."""
    ledger, agreement = client.app.state.ledger, await client.read(path)
    if (agreement["representative"] or {}).get("id") != client.id:
        await client.post(f"{path}/appoint", json={"representative": client.id})
    body: Json = {"reason": "It is bought elsewhere. 改为外购。"}
    other = (agreement["party_representative"] or {}).get("id")
    if other is None:
        await client.post(f"{path}/terminate", json=body | await signed_elsewhere(client))
    else:
        party = Caller(f"person:{other}", UUID(other))
        payload = TerminateSla.model_validate(body)
        with contextlib.suppress(Refusal):
            await act(ledger, party, "sla", "terminate", agreement["id"], payload)
    return {"subject": "terminate"}


async def _as_lead(client: Client, path: str) -> Json:
    """They lead the team beneath."""
    body = EditTeam.model_validate({"lead": client.id})
    await act(client.app.state.ledger, rule_caller("tests"), "team", "edit", IDS["team"], body)
    return {}


async def take_side(client: Client, path: str, person: str) -> None:
    """The person belongs to the other party of the agreement at that address, and leads its team."""
    if path.startswith("/v1/slas/"):
        await lead(client, (await client.read(path))["customer"]["id"], person)


async def is_of_it(client: Client, person: str) -> bool:
    """Whether the person has a role of IT, and so speaks for no customer."""
    return bool((await client.read(f"/v1/persons/{person}"))["roles"])


async def lead(client: Client, customer: str, person: str) -> None:
    """The person belongs to the customer and leads it, or somebody else if they are of IT."""
    ledger, rule = client.app.state.ledger, rule_caller("tests")
    if await is_of_it(client, person):
        person = str((await add_person(ledger, "Signatory")).id)
    await act(ledger, rule, "person", "join", person, JoinPerson.model_validate({"team": customer}))
    await act(ledger, rule, "team", "edit", customer, EditTeam.model_validate({"lead": person}))


async def make_beneath(everybody: Client) -> None:
    """An OLA that agreements rest on, and a customer nobody of whom has an account."""
    quiet = AddTeam(key="quiet", name="A quiet customer", kind=TeamKind.customer)
    ledger = everybody.app.state.ledger
    IDS["quiet"] = str((await act(ledger, rule_caller("tests"), "team", "add", body=quiet)).record.id)
    body = SAMPLES[RecordRequirementSla]() | {"agreement_type": "OLA", "team": IDS["team"]}
    del body["customer"], body["services"]
    IDS["ola"] = (await everybody.post_ok("/v1/slas", body))["id"]


#: What must be there before an action that names it, and what is then said besides.
PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    RecordRequirementSla: _of_a_quiet_customer,
    DraftSla: _of_a_new_service,
    SignSla: _recorded,
    RenewSla: _recorded,
    TerminateSla: _recorded,
    AmendSla: _by_an_approved_change,
    WithdrawConsentSla: _consented,
    RefuseConsentSla: _proposed,
    AcknowledgeSla: _as_lead,
}
#: Both parties, one after the other.
BOTH: tuple[tuple[str, Json], ...] = (("it", {}), ("business", {}))
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("sign", "signed"): BOTH,
    ("renew", "signed"): BOTH,
    ("terminate", "terminated"): (("it", {}), ("business", {"reason": None})),
}
#: The first consent changes nothing else, and a new requirement names no agreement.
NAMES_NONE = frozenset({"sign", "renew", "terminate", "amend"})
#: A team acknowledges an agreement once, and people who step down do not represent it afterwards.
NOT_SHARED = frozenset(
    {"acknowledge", "step_down", *("sign", "renew", "terminate", "amend", "withdraw_consent")}
)
#: An agreement that was reviewed is renewed, amended or ended before it is reviewed again.
ONLY_IN = {"sla.review": frozenset({"signed"})}
