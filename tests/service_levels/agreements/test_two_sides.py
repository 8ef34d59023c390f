"""An agreement has two sides: no two persons of one side represent both, and each side sees what it signs."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.common.records import StaffOnly
from app.foundation.people.records import TeamKind
from app.kernel.actions.payloads import marks
from app.service_levels.agreements.payloads import AmendSla, DraftSla, RenewSla
from tests.client import Client, Json
from tests.people import add_person
from tests.service_levels.agreements.samples import (
    EFFECTS,
    PARTY,
    REVIEW,
    Parties,
    a_target,
    signed_elsewhere,
)
from tests.service_levels.agreements.test_story import errors

ACTS = ("sign", "renew", "terminate", "amend")


@pytest.fixture
async def people(parties: Parties) -> dict[str, str]:
    """Ids of persons of every side, by what they are."""
    api = parties.api
    await api.team("sales", TeamKind.customer)
    other = await api.client("Of another customer", teams=("sales",))
    engineer = await api.client("Engineer of mail", Role.engineer, teams=("mail-team",))
    machine = await api.client("Monitoring", Role.integration)
    return {
        "it": parties.it.id,
        "manager": parties.manager.id,
        "engineer": engineer.id,
        "machine": machine.id,
        "other customer": other.id,
        "nobody's": str((await add_person(api.ledger, "Of no team")).id),
        **{party: parties.leads[party].id for party in ("finance", "mail-team", "north-telecom")},
    }


#: By type of agreement and party: people who may represent IT, and people that IT may name for the party,
#: which are its lead, or the lead of any customer.
SIDES: list[tuple[str, str | None, str, str]] = [
    ("SLA", "finance", "it manager engineer mail-team", "finance"),
    ("OLA", "mail-team", "it manager", "mail-team"),
    ("UC", "north-telecom", "it manager engineer mail-team", "north-telecom"),
    ("SLA", None, "it manager engineer mail-team", "finance"),
]


async def test_staff_in_the_team_of_a_customer_do_not_speak_for_it(parties: Parties) -> None:
    await parties.api.team("sales", TeamKind.customer)
    both = await parties.api.client("Both", Role.service_level_manager, teams=("sales",))
    business = await parties.api.client("Of sales", teams=("sales",))
    path = await parties.required("SLA", None)
    for field in ("representative", "party_representative"):
        refused = await parties.manager.post(f"{path}/appoint", json={field: both.id})
        assert errors(refused.json())[0][0] == f"/{field}"
    body = {"agreement_type": "SLA", "customer": "sales", "services": ["mail"], "title": "Mail"}
    body |= {"needs": "Mail within the hour.", "business_process": "Sales", "representative": parties.it.id}
    for person, status in ((both, 422), (business, 201)):
        sent = {**body, "party_representative": person.id}
        answer = await parties.manager.post("/v1/slas", json=sent)
        assert answer.status_code == status, answer.text
        if status == 422:
            assert errors(answer.json())[0][0] == "/party_representative"


async def test_a_lead_who_is_not_on_the_side_of_the_party_is_not_its_representative_by_default(
    parties: Parties,
) -> None:
    lead, member = parties.leads["finance"], await parties.api.client("Of finance", teams=("finance",))
    body = {"agreement_type": "SLA", "customer": "finance", "services": ["mail"], "title": "Mail"}
    body |= {"needs": "Mail at once.", "business_process": "Books", "representative": parties.it.id}
    await parties.keeper.post_ok(f"/v1/persons/{lead.id}/grant_role", {"role": "engineer"})
    refused = await parties.manager.post("/v1/slas", json=body)
    assert errors(refused.json()) == [("/party_representative", "party_lead_cannot_sign")]
    recorded = await parties.manager.post_ok("/v1/slas", {**body, "party_representative": member.id})
    assert recorded["party_representative"]["id"] == member.id


async def test_no_two_persons_of_one_side_represent_both(parties: Parties, people: dict[str, str]) -> None:
    for kind, party, it, theirs in SIDES:
        path = await parties.required(kind, party)
        allowed = {
            "representative": set(it.split()),
            "party_representative": {theirs},
        }
        for field, names in allowed.items():
            accepted = set()
            for name, person in people.items():
                if party is None:  # as long as nobody represents it
                    path = await parties.required(kind, party)
                answer = await parties.manager.post(f"{path}/appoint", json={field: person})
                if answer.status_code == 200:
                    accepted.add(name)
                else:
                    assert errors(answer.json())[0][0] == f"/{field}", answer.text
            assert accepted - {"machine"} == names, (kind, party, field)
            assert "machine" not in accepted
        # A requirement names them by the same rule.
        outsiders = people.keys() - allowed["party_representative"]
        body: Json = {
            "agreement_type": kind,
            "title": "Mail",
            "needs": "Mail by day.",
            "business_process": "Orders",
        }
        body |= {} if party is None else {PARTY[kind]: party}
        body |= {"services": ["mail"]} if kind == "SLA" and party else {}
        for name in sorted(outsiders):
            named = {"representative": people["it"], "party_representative": people[name]}
            refused = await parties.manager.post("/v1/slas", json={**body, **named})
            assert refused.status_code == 422, (kind, party, name)


async def test_nobody_signs_for_a_party_that_has_a_representative(parties: Parties) -> None:
    signed = await parties.signed("SLA", "finance")
    await parties.review(signed)
    paths = dict.fromkeys(ACTS, signed) | {"sign": await parties.submitted("UC", "north-telecom")}
    more: dict[str, Json] = {"terminate": {"reason": "Moved."}, "renew": EFFECTS, "amend": EFFECTS}
    for act in ACTS:
        body = {**more.get(act, {}), **await signed_elsewhere(parties.manager)}
        refused = await parties.manager.post(f"{paths[act]}/{act}", json=body)
        assert errors(refused.json()) == [("/signed_document", "party_consents_itself")], act
    # Without an account, somebody records what the party signed.
    lead = parties.leads["north-telecom"].id
    deactivated = await parties.keeper.post(f"/v1/persons/{lead}/deactivate", json={})
    assert deactivated.status_code == 200, deactivated.text
    await parties.manager.post_ok(f"{paths['sign']}/sign", await signed_elsewhere(parties.manager))


async def test_a_side_with_accounts_speaks_for_itself_and_names_its_own_representative(
    parties: Parties,
) -> None:
    await parties.api.team("plant", TeamKind.customer)
    firm, friend = [await parties.api.client(name, teams=("plant",)) for name in ("Firm", "Friend")]
    path = await parties.submitted("SLA", "plant")
    await parties.it.post_ok(f"{path}/sign")
    document = await signed_elsewhere(parties.manager)
    refused = await parties.manager.post(f"{path}/sign", json=document)
    assert errors(refused.json()) == [("/signed_document", "party_consents_itself")]
    await _edit_lead(parties, "plant", firm.id)
    picked = await parties.manager.post(f"{path}/appoint", json={"party_representative": friend.id})
    assert errors(picked.json()) == [("/party_representative", "party_names_its_own")]
    await parties.manager.post_ok(f"{path}/appoint", {"party_representative": firm.id})
    await firm.post_ok(f"{path}/negotiate", {"proposals": "We do not agree: half the price."})
    for client in (parties.manager, parties.it):
        swapped = await client.post(f"{path}/appoint", json={"party_representative": friend.id})
        assert errors(swapped.json()) == [("/party_representative", "party_names_its_own")]
    outsider = await parties.api.client("Outsider", teams=("finance",))
    unseen = await firm.post(f"{path}/appoint", json={"party_representative": outsider.id})
    assert errors(unseen.json()) == [("/party_representative", "unknown_reference")]
    for leaves, follows in ((firm, friend), (friend, firm)):  # the lead, and the representative who is none
        handed = await leaves.post_ok(f"{path}/appoint", {"party_representative": follows.id})
        assert handed["party_representative"]["id"] == follows.id
    stepped = await firm.post_ok(f"{path}/step_down")
    assert stepped["party_representative"] is None
    await _edit_lead(parties, "plant", friend.id)
    named = await parties.manager.post_ok(f"{path}/appoint", {"party_representative": friend.id})
    assert named["party_representative"]["id"] == friend.id, "the firm has another lead"


async def test_a_party_without_a_lead_is_represented_by_any_of_its_people(parties: Parties) -> None:
    await parties.api.team("plant", TeamKind.customer)
    firm = await parties.api.client("Firm", teams=("plant",))
    path = await parties.required("SLA", "plant")
    named = await parties.manager.post_ok(f"{path}/appoint", {"party_representative": firm.id})
    assert named["party_representative"]["id"] == firm.id


async def test_either_side_asks_for_a_review_and_for_the_end(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    customer = parties.leads["finance"]
    due = await customer.post_ok(f"{path}/ask_for_review")
    assert due["review_due_at"] == due["review_reminded_at"]
    again = await parties.it.post(f"{path}/ask_for_review")
    assert (again.status_code, again.json()["code"]) == (409, "review_is_due")
    reason = {"reason": "The service is bought elsewhere."}
    pending = await customer.post_ok(f"{path}/terminate", reason)
    assert (pending["state"], pending["pending_consents"]) == ("signed", ["terminate:party"])
    assert (await parties.it.post_ok(f"{path}/terminate"))["state"] == "terminated"


async def test_the_lead_of_a_team_names_somebody_else_of_it(parties: Parties) -> None:
    path = await parties.required("OLA", "mail-team")
    other = await parties.api.client("Other of mail", Role.agent, teams=("mail-team",))
    lead = parties.leads["mail-team"]
    ours = await lead.post(f"{path}/appoint", json={"representative": parties.manager.id})
    assert errors(ours.json()) == [("/representative", "manager_names_representative")]
    named = await lead.post_ok(f"{path}/appoint", {"party_representative": other.id})
    assert named["party_representative"]["id"] == other.id


async def test_representatives_who_have_left_are_reported_and_replaced_in_one_step(parties: Parties) -> None:
    path = await parties.submitted("SLA", "finance")
    lead = parties.leads["finance"]
    second = await parties.api.client("Second", teams=("finance",))
    for leaver, field in ((parties.it, "representative"), (lead, "party_representative")):
        await parties.keeper.post_ok(f"/v1/persons/{leaver.id}/deactivate")
        held = (await parties.manager.read(f"/v1/persons/{leaver.id}/duties"))["items"]
        assert (path.split("/")[-1], field) in {(duty["id"], duty["duty"]) for duty in held}
    wrong = {"person": parties.it.id, "new_holder": second.id}
    refused = await parties.manager.post(f"{path}/hand_over_duties", json=wrong)
    assert errors(refused.json()) == [("/new_holder", "not_staff")]
    for leaver, successor in ((parties.it, parties.manager), (lead, second)):
        body = {"person": leaver.id, "new_holder": successor.id}
        after = await parties.manager.post_ok(f"{path}/hand_over_duties", body)
    assert (after["representative"]["id"], after["party_representative"]["id"]) == (
        parties.manager.id,
        second.id,
    )


async def test_a_representative_who_left_the_side_does_not_consent_for_it(parties: Parties) -> None:
    path = await parties.submitted("SLA", "finance")
    customer = parties.leads["finance"]
    successor = await parties.api.client("New lead", teams=("finance",))
    await _edit_lead(parties, "finance", successor.id)
    left = await parties.keeper.post(f"/v1/persons/{customer.id}/leave", json={"team": "finance"})
    assert left.status_code == 200, left.text
    refused = await customer.post(f"{path}/sign", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "represents_wrong_side")


async def _edit_lead(parties: Parties, team: str, lead: str) -> None:
    edited = await parties.keeper.patch(f"/v1/teams/{team}", json={"lead": lead}, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text


def _internal(*payloads: Any) -> set[str]:
    return {name for payload in payloads for name in marks(payload, StaffOnly)}


async def test_each_side_sees_what_it_consents_to(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance", a_target("t1", "resolution", 3600))
    await parties.review(path)
    renewal = {"valid_to": "2199-06-30", **EFFECTS, "effect_on_cost": "We pay more."}
    await parties.it.post_ok(f"{path}/renew", renewal)
    customer = parties.leads["finance"]
    theirs, ours = await customer.read(path), await parties.manager.read(path)
    hidden = {name for name, value in ours.items() if value is not None and theirs[name] is None}
    internal = _internal(DraftSla, RenewSla, AmendSla)
    assert internal == {"cost_amount", "cost_currency", "cost_period", "specification", "effect_on_cost"}
    assert hidden == internal | {"gap_reason"}
    [consent] = [item for item in await _consents(customer, path) if item["subject"] == "renew"]
    assert consent["terms"]["valid_to"] == "2199-06-30"
    # Other effects are a counter-proposal, as other terms are.
    countered = await customer.post_ok(f"{path}/renew", {**EFFECTS, "effect_on_price": "It falls."})
    assert (countered["state"], countered["pending_consents"]) == ("under_review", ["renew:party"])


async def _consents(client: Client, path: str) -> list[Json]:
    consents: list[Json] = (await client.read(f"{path}/consents"))["items"]
    return consents


async def test_a_review_has_somebody_of_each_side(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    it, customer = parties.manager.id, parties.leads["finance"].id
    for attended, code in (([it], "nobody_of_party"), ([customer], "nobody_of_it")):
        refused = await parties.manager.post(f"{path}/review", json={**REVIEW, "attended": attended})
        assert errors(refused.json()) == [("/attended", code)]
    await parties.manager.post_ok(f"{path}/review", {**REVIEW, "attended": [it, customer]})


async def test_a_review_that_one_side_denies_does_not_count(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    customer = parties.leads["finance"]
    due_at = (await parties.manager.read(path))["review_due_at"]
    attended = {"attended": [parties.manager.id, customer.id]}
    reviewed = await parties.manager.post_ok(f"{path}/review", {**REVIEW, **attended})
    assert reviewed["review_due_at"] > due_at
    again = await parties.manager.post(f"{path}/review", json={**REVIEW, **attended})
    assert (again.status_code, again.json()["code"]) == (409, "reviewed_already")
    denied = await customer.post_ok(f"{path}/object_to_statement", {"objection": "Nobody asked us."})
    assert (denied["last_reviewed_at"], denied["review_due_at"]) == (None, due_at)
    refused = await parties.it.post(f"{path}/renew", json={"valid_to": "2199-06-30", **EFFECTS})
    assert (refused.status_code, refused.json()["code"]) == (409, "review_void")
    await parties.manager.post_ok(f"{path}/review", {**REVIEW, **attended})
    await parties.it.post_ok(f"{path}/renew", {"valid_to": "2199-06-30", **EFFECTS})
