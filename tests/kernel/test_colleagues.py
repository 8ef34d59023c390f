"""The lead of a customer names the people of the customer, whom otherwise only staff see."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.duties import GivenDuty
from app.common.people import Role, rule_caller
from app.common.records import ForeignRef
from app.foundation.people.groups import AddMemberGroup
from app.foundation.people.records import RepresentedSide, TeamKind
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES
from tests.client import Api, Client
from tests.people import act

#: Duties that somebody of a customer may have.
CUSTOMERS = [
    duty
    for duty in GivenDuty
    if not duty.any_of or any({"customer"} & {*option.sides} or option.seats for option in duty.any_of)
]


def named_kinds() -> dict[str, set[GivenDuty]]:
    """The duties of the customer's side that references to persons and groups give, by kind."""
    duties: dict[str, set[GivenDuty]] = {"person": set(), "group": set()}
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            for mark in marks(row.body, ForeignRef).values():
                if mark.kind in duties and mark.duty in CUSTOMERS:
                    duties[mark.kind].add(mark.duty)
    return duties


@pytest.fixture
async def people(api: Api) -> dict[str, Client]:
    """The lead of a customer, two who belong to it, and people of another customer, a supplier and IT."""
    admin = await api.client("Admin", Role.admin)
    for key in ("plant", "other"):
        await api.team(key, TeamKind.customer)
    people = {
        "lead": await api.client("Firm Lead", teams=("plant",)),
        "colleague": await api.client("Friend Colleague", teams=("plant",)),
        "stranger": await api.client("Friend Stranger", teams=("other",)),
        "staff": await api.client("Friend Staff", Role.agent),
    }
    for key, lead in (("plant", "lead"), ("other", "stranger")):
        answer = await admin.patch(
            f"/v1/teams/{key}", json={"lead": people[lead].id}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
    return {**people, "admin": admin}


async def found(client: Client, **query: Any) -> set[str]:
    """The ids of what the client can choose, besides themselves."""
    return {item["id"] for item in (await client.read("/v1/lookup", **query))["items"]} - {client.id}


async def test_a_lead_is_offered_colleagues_for_every_duty_of_their_side(
    api: Api, people: dict[str, Client]
) -> None:
    lead, colleague, stranger = (people[name] for name in ("lead", "colleague", "stranger"))
    duties = named_kinds()["person"] - {GivenDuty.recorded, GivenDuty.account}
    assert {GivenDuty.party, GivenDuty.business_voice, GivenDuty.participation} <= duties
    for duty in duties:
        suits = {"duty": duty.value, "kind": "person"}
        expected = set() if any(option.grades for option in duty.any_of) else {colleague.id}
        assert await found(lead, **suits) == expected, duty
        assert await found(colleague, **suits) == set(), "only leads name others"
        assert await found(stranger, **suits) == set()
    assert await found(lead, kind="person") == set(), "without a duty nobody is to be named"


async def test_a_lead_is_offered_the_groups_in_which_colleagues_accept(
    api: Api, people: dict[str, Client]
) -> None:
    admin = people["admin"]
    for key, name in (("ours", "colleague"), ("theirs", "stranger"), ("experts", "colleague")):
        side = "operations" if key == "experts" else "business"
        await admin.post_ok("/v1/groups", {"key": key, "name": key, "chair": people["staff"].id})
        member = AddMemberGroup(person=people[name].id, side=RepresentedSide(side))
        await act(api.ledger, rule_caller("tests"), "group", "add_member", key, member)
    answer = await people["lead"].read("/v1/lookup", kind="group", duty="group_acceptance")
    assert [item["key"] for item in answer["items"]] == ["ours"]


async def test_references_of_a_lead_resolve_to_colleagues_and_to_nobody_else(
    api: Api, people: dict[str, Client]
) -> None:
    lead = await api.whole(people["lead"])
    absent = {"from_at": "2199-01-01T00:00:00Z", "until_at": "2199-01-08T00:00:00Z"}
    for name, expected in (("colleague", 201), ("stranger", 422), ("staff", 422)):
        answer = await lead.post("/v1/absences", json={**absent, "deputy": people[name].id})
        assert answer.status_code == expected, (name, answer.text)
        absent = {"from_at": "2199-02-01T00:00:00Z", "until_at": "2199-02-08T00:00:00Z"}
    behalf = await lead.post("/v1/absences", json={**absent, "person": people["colleague"].id})
    assert behalf.status_code == 422, "nobody acts for a colleague"
    assert (await lead.get(f"/v1/persons/{people['colleague'].id}")).status_code == 404
