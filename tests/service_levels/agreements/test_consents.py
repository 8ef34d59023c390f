"""A consent covers what its side saw, until something else is agreed or the side takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.notices import NoticeType
from app.notifications.told_fields import TOLD_FIELDS
from app.platform.db import connect
from app.service_levels.agreements.payloads import Consent
from app.service_levels.agreements.records import ConsentSubject
from tests.client import Json
from tests.conftest import DatabaseUrls
from tests.processes.changes.samples import a_board
from tests.service_levels.agreements.samples import EFFECTS, Parties
from tests.service_levels.agreements.test_story import errors

OTHER: Json = {"effect_on_price": "Plus 80 percent.", "effect_on_workload": "Twice as much."}


def payloads(base: type[Consent]) -> list[type[Consent]]:
    """All payloads of consents to a step."""
    return [
        each for sub in base.__subclasses__() for each in (sub, *payloads(sub)) if "SUBJECT" in vars(each)
    ]


def test_every_field_of_a_proposal_is_a_counter_proposal() -> None:
    shared = set(Consent.model_fields) | {"occurred_at", "effect_on_cost"}
    for payload in payloads(Consent):
        for name in set(payload.model_fields) - shared:
            body: Any = payload.model_construct()
            object.__setattr__(body, name, "x")
            assert body.names_effects or name in {"valid_to", "change", "text_edition"}, (payload, name)
    assert {payload.SUBJECT for payload in payloads(Consent)} == set(ConsentSubject)


async def test_effects_proposed_for_one_step_take_back_consents_to_another(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    customer = parties.leads["finance"]
    await customer.post_ok(f"{path}/renew", EFFECTS)
    board = await a_board(parties.api)
    change = (await board.manager.read(await board.approved(services=["mail"])))["id"]
    amended = await parties.it.post_ok(f"{path}/amend", {**OTHER, "change": change})
    assert amended["pending_consents"] == ["amend:it"]
    assert (await customer.get(f"/v1/changes/{change}")).status_code == 404
    proposed, described = await customer.read(path), await board.manager.read(f"/v1/changes/{change}")
    assert proposed["amendment"] == f"{described['number']} {described['title']}"
    assert proposed["amendment_description"] == described["description"] is not None
    renewed = await parties.it.post_ok(f"{path}/renew", OTHER)
    assert (renewed["state"], renewed["pending_consents"]) == ("under_review", ["renew:it"])


@pytest.mark.parametrize("ended_by", ["renewal", "review"])
async def test_a_consent_ends_with_its_review(parties: Parties, place: DatabaseUrls, ended_by: str) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    customer = parties.leads["finance"]
    await customer.post_ok(f"{path}/terminate", {"reason": "We look at another one."})
    if ended_by == "renewal":
        await customer.post_ok(f"{path}/renew", EFFECTS)
        renewed = await parties.it.post_ok(f"{path}/renew")
        assert (renewed["state"], renewed["pending_consents"]) == ("signed", None)
        await parties.review(path)
    else:
        async with await connect(place.owner_url) as owner:
            await owner.execute(b"update fold.sla set last_reviewed_at = now() + interval '1 minute'")
    refused = await parties.it.post(f"{path}/terminate", json={})
    assert errors(refused.json()) == [("/reason", "missing")], "it is a first consent"


async def test_a_signature_names_the_text_that_its_side_has_read(parties: Parties) -> None:
    path = await parties.drafted("SLA", "finance")
    customer = parties.leads["finance"]
    await customer.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    dearer = {"what_changed": "A typing error.", "price_amount": "99000.00"}
    await parties.maintainer.post_ok(f"{path}/maintain_text", dearer)
    gap = {"gap_reason": "There is nothing beneath it yet."}
    submitted = await parties.manager.post_ok(f"{path}/submit_for_review", gap)
    assert submitted["text_edition"] == 2
    for body in ({}, {"text_edition": 1}):
        refused = await customer.post(f"{path}/sign", json=body)
        assert errors(refused.json()) == [("/text_edition", "another_text")]
    assert "given.price_amount" in TOLD_FIELDS[NoticeType.agreement_moved]
    signed = await customer.post_ok(f"{path}/sign", {"text_edition": 2})
    assert signed["pending_consents"] == ["sign:party"]


async def test_a_side_takes_its_consent_back(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    customer = parties.leads["finance"]
    await customer.post_ok(f"{path}/terminate", {"reason": "We look at another one."})
    refused = await parties.it.post(f"{path}/withdraw_consent", json={"subject": "terminate"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_consent_to_withdraw")
    agreement = await customer.post_ok(f"{path}/withdraw_consent", {"subject": "terminate"})
    assert agreement["pending_consents"] is None
    refused = await parties.it.post(f"{path}/terminate", json={})
    assert errors(refused.json()) == [("/reason", "missing")], "it is a first consent"


@pytest.mark.parametrize("action", ["renew", "terminate", "amend"])
async def test_a_second_consent_to_rewritten_terms_names_what_was_read(parties: Parties, action: str) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    customer = parties.leads["finance"]
    first, rewritten = {**EFFECTS, "valid_to": "2044-12-31"}, {**OTHER, "valid_to": "2052-12-31"}
    if action == "terminate":
        first, rewritten = {"reason": "It is bought elsewhere."}, {"reason": "The customer has not paid."}
    if action == "amend":
        board = await a_board(parties.api)
        change = (await board.manager.read(await board.approved(services=["mail"])))["id"]
        first, rewritten = {**EFFECTS, "change": change}, {**OTHER, "change": change}
    read = await parties.it.post_ok(f"{path}/{action}", first)
    now = await parties.it.post_ok(f"{path}/{action}", rewritten)
    refused = await customer.post(f"{path}/{action}", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "proposal_rewritten")
    assert refused.json()["version"] == now["version"]
    stale = await customer.post(f"{path}/{action}", json={}, headers={"if-match": str(read["version"])})
    assert stale.status_code == 412
    agreed = await customer.post_ok(f"{path}/{action}", if_match=str(now["version"]))
    assert agreed["pending_consents"] is None


async def test_a_hand_over_takes_back_the_consents_as_an_appointment_does(parties: Parties) -> None:
    path = await parties.submitted("SLA", "finance")
    await parties.it.post_ok(f"{path}/sign")
    await parties.keeper.post_ok(f"/v1/persons/{parties.it.id}/deactivate")
    body = {"person": parties.it.id, "new_holder": parties.manager.id}
    handed_over = await parties.manager.post_ok(f"{path}/hand_over_duties", body)
    assert handed_over["pending_consents"] is None
    customer = parties.leads["finance"]
    assert (await customer.post_ok(f"{path}/sign"))["state"] == "in_review", "nobody of IT has signed"
