"""A consent covers what its side saw, until something else is agreed or the side takes it back."""

from __future__ import annotations

from typing import Any

import pytest

from app.platform.db import connect
from app.service_levels.agreements.payloads import Consent
from app.service_levels.agreements.records import ConsentSubject
from tests.client import Json
from tests.conftest import DatabaseUrls
from tests.processes.changes.samples import a_board
from tests.service_levels.agreements.samples import EFFECTS, Parties

OTHER: Json = {"effect_on_price": "Plus 80 percent.", "effect_on_workload": "Twice as much."}


def payloads(of: type[Consent]) -> list[type[Consent]]:
    """All payloads of consents to a step."""
    return [each for sub in of.__subclasses__() for each in (sub, *payloads(sub)) if "SUBJECT" in vars(each)]


def test_every_field_of_a_proposal_is_a_counter_proposal() -> None:
    shared = set(Consent.model_fields) | {"occurred_at", "effect_on_cost"}
    for payload in payloads(Consent):
        for name in set(payload.model_fields) - shared:
            body: Any = payload.model_construct(**{name: "x"})
            body.__pydantic_fields_set__.add(name)
            assert body.names_effects or name in {"valid_to", "change"}, (payload, name)
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
    ended = await parties.it.post(f"{path}/terminate", json={"reason": "As they wish."})
    assert (ended.json()["state"], ended.json()["pending_consents"]) == ("under_review", ["terminate:it"])


async def test_a_side_takes_its_consent_back(parties: Parties) -> None:
    path = await parties.signed("SLA", "finance")
    await parties.review(path)
    customer = parties.leads["finance"]
    await customer.post_ok(f"{path}/terminate", {"reason": "We look at another one."})
    refused = await parties.it.post(f"{path}/withdraw_consent", json={"subject": "terminate"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_consent_to_withdraw")
    taken = await customer.post_ok(f"{path}/withdraw_consent", {"subject": "terminate"})
    assert taken["pending_consents"] is None
    still = await parties.it.post_ok(f"{path}/terminate", {"reason": "As they wish."})
    assert still["state"] == "under_review"
