"""Two people cannot agree that they alone decide: on a rule of votes, or on the approvers of a catalogue
item.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.common.people import Caller, Person, Role
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule
from app.foundation.decisions.payloads import AgreeToEdition
from app.kernel.actions.refusals import ActionUnavailable
from app.kernel.ledger import Ledger
from tests.cases import each_case
from tests.client import Api
from tests.foundation.decisions.rules import group_of
from tests.foundation.services.test_catalogue import ITEMS, a_service, an_item
from tests.people import act, add_caller, grant

#: Of three quality managers, the seats of those who decide; the first proposes, the second agrees.
SEATS_OF_THE_TWO = [(0,), (1,), (0, 1)]


def new_key() -> str:
    return f"k{uuid4().hex[:8]}"


async def add_rule(ledger: Ledger, by: Caller, voters: list[dict[str, Any]], **terms: Any) -> str:
    definition = {"voters": voters, "rule": "majority", "least_voters": 1, "quorum": 1, **terms}
    fields = {"key": new_key(), "decision": "change", "name": "Medium changes", "definition": definition}
    await act(ledger, by, "approval_rule", "add", body=AddApprovalRule.model_validate(fields))
    return str(fields["key"])


async def managers(ledger: Ledger) -> list[Caller]:
    return [await add_caller(ledger, f"Manager-{n}", Role.quality_manager, Role.admin) for n in range(3)]


async def agree_to(ledger: Ledger, key: str, by: Caller) -> None:
    await act(ledger, by, "approval_rule", "agree", key, AgreeToEdition())


@each_case("seats", SEATS_OF_THE_TWO)
@each_case("terms", [{}, {"rule": "chair"}, {"otherwise": [{"role": "problem_manager"}]}])
async def test_two_people_do_not_agree_to_a_rule_by_which_only_they_vote(
    ledger: Ledger, seats: tuple[int, ...], terms: dict[str, Any]
) -> None:
    three = await managers(ledger)
    rule = await add_rule(
        ledger, three[0], await group_of(ledger, new_key(), [three[n] for n in seats]), **terms
    )
    with pytest.raises(ActionUnavailable) as refused:
        await agree_to(ledger, rule, three[1])
    assert refused.value.because == "only_you_two_decide"
    if seats != (0,) and terms.get("rule") != "chair":
        await agree_to(ledger, rule, three[2])


async def test_two_people_agree_to_a_rule_by_which_others_vote_too(ledger: Ledger) -> None:
    three = await managers(ledger)
    rule = await add_rule(ledger, three[0], await group_of(ledger, new_key(), three))
    await agree_to(ledger, rule, three[1])


@each_case("seats", SEATS_OF_THE_TWO)
@each_case("source", ["approver_persons", "approver_group", "approver_role"])
async def test_two_people_do_not_agree_to_approve_requests_alone(
    api: Api, seats: tuple[int, ...], source: str
) -> None:
    roles = (Role.quality_manager, Role.service_level_manager)
    three = [await api.client(f"Manager-{n}", *roles) for n in range(3)]
    chosen = [UUID(three[n].id) for n in seats]
    values: dict[str, Any] = {"approver_persons": [str(person) for person in chosen]}
    if source == "approver_group":
        persons = [Person.model_construct(id=person) for person in chosen]
        values = {"approver_group": (await group_of(api.ledger, new_key(), persons))[0]["group"]}
    elif source == "approver_role":
        role = [Role.cab_member, Role.management, Role.department_head][SEATS_OF_THE_TWO.index(seats)]
        values = {"approver_role": role.value}
        for person in chosen:
            await grant(api.ledger, person, role)
    service = new_key()
    await a_service(three[0], service)
    body = an_item(new_key(), service, **values, approval_rule="majority")
    item = await three[0].post_ok(ITEMS, body)
    agree = f"{ITEMS}/{item['id']}/agree"
    refused = await three[1].post(agree)
    assert refused.json()["code"] == "only_you_two_decide", refused.text
    if seats != (0,):
        await three[2].post_ok(agree)
