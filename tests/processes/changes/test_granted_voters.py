"""Roles, grades and seats in groups that a party to a change has just given are no seats in its vote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.common.people import Grade, Role, rule_caller
from app.foundation.decisions.approval_rules import grants
from app.foundation.people.groups import AddGroup
from tests.client import Client, Json
from tests.people import act
from tests.processes.changes.samples import Board, a_change, assessment, put_into_use
from tests.processes.changes.test_who_approves import people, previewed, reasons

GROUP = "/v1/groups/advisers"
#: Only for changes of low risk, so that no shipped rule names further voters.
LOW: Json = {"conditions": [{"field": "risk_level", "any_of": ["low"]}]}
Give = Callable[[Client, Client], Awaitable[Any]]


async def _role(giver: Client, friend: Client) -> None:
    await giver.post_ok(f"/v1/persons/{friend.id}/grant_role", {"role": "department_head"})


async def _membership(giver: Client, friend: Client) -> None:
    await giver.post_ok(f"{GROUP}/add_member", {"person": friend.id, "side": "operations"})


async def _chair(giver: Client, friend: Client) -> None:
    answer = await giver.patch(GROUP, json={"chair": friend.id}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


async def _grade(giver: Client, friend: Client) -> None:
    body, headers = {"grade": "senior"}, {"If-Match": "*"}
    answer = await giver.patch(f"/v1/persons/{friend.id}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


PLACES: dict[str, tuple[Give, Json]] = {
    "role": (_role, {"role": "department_head"}),
    "member": (_membership, {"group": "advisers"}),
    "chair": (_chair, {"group": "advisers"}),
    "grade": (_grade, {"role": "engineer", "grade": "senior"}),
}


async def _assessed(board: Board, drafter: Client) -> str:
    draft = await drafter.post_ok("/v1/changes", a_change())
    await put_into_use(board.api.ledger, draft["services"])
    path = f"/v1/changes/{draft['id']}"
    await drafter.post_ok(f"{path}/submit")
    record = await board.manager.post_ok(f"{path}/assess", assessment("low"))
    assert record["risk_level"] == "low", record["risk_level"]
    return path


async def _advisers(board: Board) -> Client:
    """The chair of a new group."""
    chair = await board.api.client("Chair", Role.engineer)
    body = AddGroup(key="advisers", name="Advisers", chair=chair.id)
    await act(board.api.ledger, rule_caller("tests"), "group", "add", body=body)
    return chair


@pytest.mark.parametrize("grant", PLACES)
async def test_who_just_got_a_place_from_a_party_has_no_seat(
    board: Board, grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give, source = PLACES[grant]
    chair = await _advisers(board)
    await board.rule("change_low_risk", **LOW, voters=[source], least_voters=1)
    drafter, other = [await board.api.client(name, Role.admin) for name in ("Ada", "Bea")]
    friends = [await board.api.client(name, Role.engineer, grade=Grade.staff) for name in ("F", "G", "H")]
    await give(drafter, friends[0])
    if grant != "chair":  # a group has one
        await give(other, friends[1])
    else:
        await _membership(other, friends[1])
    path = await _assessed(board, drafter)
    if grant != "chair":
        await give(drafter, friends[2])
    preview = await previewed(board.manager, path)
    assert preview["refusal"] is None, preview
    before = [chair] if grant == "member" else []
    assert people(preview["voters"]) == people([friends[1], *before])
    tied = people([friends[0]] if grant == "chair" else [friends[0], friends[2]])
    assert {reasons(preview)[person] for person in tied} == {"named_by_party"}
    monkeypatch.setattr(grants, "SETTLING", timedelta(0))
    preview = await previewed(board.manager, path)
    assert people(preview["voters"]) == people([*friends[:2], *before]), (
        "what was given before the draft is settled"
    )


@pytest.mark.parametrize("hops", [1, 2])
async def test_whom_a_party_has_just_made_administrators_give_no_seats_either(
    board: Board, hops: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator of before does, also to people who got another role from a party."""
    source = {"role": "department_head"}
    await board.rule("change_low_risk", **LOW, voters=[source], least_voters=1)
    drafter, other = [await board.api.client(name, Role.admin) for name in ("Ada", "Olga")]
    giver = drafter
    for name in ("Bea", "Cem")[:hops]:
        further = await board.api.client(name, Role.engineer)
        await giver.post_ok(f"/v1/persons/{further.id}/grant_role", {"role": "admin"})
        giver = await board.api.whole(further)
    friends = [await board.api.client(name, Role.engineer) for name in ("F", "G")]
    for by, friend in zip((giver, other), friends, strict=True):
        await _role(by, friend)
    path = await _assessed(board, drafter)
    preview = await previewed(board.manager, path)
    assert people(preview["voters"]) == people([friends[1]])
    assert reasons(preview)[friends[0].id] == "named_by_party"
    # What an administrator did before others took the role away from them stays as it is, too.
    await other.post_ok(f"/v1/persons/{giver.id}/revoke_role", {"role": "admin"})
    assert people((await previewed(board.manager, path))["voters"]) == people([friends[1]])
    monkeypatch.setattr(grants, "SETTLING", timedelta(0))
    assert people((await previewed(board.manager, path))["voters"]) == people(friends)


async def test_a_seat_in_a_group_that_a_party_gives_through_another_is_none(board: Board) -> None:
    chair = await _advisers(board)
    await board.rule("change_low_risk", **LOW, voters=[{"group": "advisers"}], least_voters=1)
    drafter = await board.api.client("Ada", Role.admin)
    second = await board.api.client("Bea", Role.engineer)
    await drafter.post_ok(f"/v1/persons/{second.id}/grant_role", {"role": "admin"})
    friend = await board.api.client("F", Role.engineer)
    await _membership(await board.api.whole(second), friend)
    preview = await previewed(board.manager, await _assessed(board, drafter))
    assert people(preview["voters"]) == people([chair])
    assert reasons(preview)[friend.id] == "named_by_party"


async def test_who_set_up_everything_alone_is_not_left_without_voters(board: Board) -> None:
    await board.rule("change_low_risk", **LOW, voters=[{"role": "department_head"}])
    drafter = await board.api.client("Ada", Role.admin)
    friends = [await board.api.client(name, Role.engineer) for name in ("F", "G")]
    for friend in friends:
        await _role(drafter, friend)
    preview = await previewed(board.manager, await _assessed(board, drafter))
    assert people(preview["voters"]) == people(friends)
    assert preview["refusal"] is None
    settled = await board.api.client("Sue", Role.department_head)
    further = await board.api.client("Tom", Role.department_head)
    preview = await previewed(board.manager, await _assessed(board, drafter))
    assert people([settled, further]) <= people(preview["voters"])
    assert people(friends).isdisjoint(people(preview["voters"]))


async def test_others_stand_in_for_those_whom_a_party_has_just_named(board: Board) -> None:
    await board.rule("change_low_risk", **LOW, voters=[{"role": "department_head"}])
    drafter = await board.api.client("Ada", Role.admin)
    friends = [await board.api.client(name, Role.engineer) for name in ("F", "G")]
    for friend in friends:
        await _role(drafter, friend)
    bosses = [await board.api.client(name, Role.management) for name in ("Boss", "Chief")]
    preview = await previewed(board.manager, await _assessed(board, drafter))
    assert people(preview["voters"]) == people(bosses)
    assert {reasons(preview)[person] for person in people(friends)} == {"named_by_party"}


async def _revoked(by: Client, person: Client) -> None:
    await by.post_ok(f"/v1/persons/{person.id}/revoke_role", {"role": "department_head"})


async def _deactivated(by: Client, person: Client) -> None:
    await by.post_ok(f"/v1/persons/{person.id}/deactivate", {})


async def _removed(by: Client, person: Client) -> None:
    await by.post_ok(f"{GROUP}/remove_member", {"person": person.id})


@pytest.mark.parametrize(
    ("take", "source"),
    [
        (_revoked, {"role": "department_head"}),
        (_deactivated, {"role": "department_head"}),
        (_removed, {"group": "advisers"}),
    ],
)
async def test_the_voters_see_whom_a_party_has_just_removed(
    board: Board, take: Give, source: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may remove people, and a party may take away what it has just given."""
    await _advisers(board)
    await board.rule("change_low_risk", **LOW, voters=[source], least_voters=1)
    drafter, other = [await board.api.client(name, Role.admin) for name in ("Ada", "Bea")]
    heads = [await board.api.client(name, Role.department_head) for name in ("F", "G", "H")]
    for head in heads:
        await _membership(other, head)
    newcomer = await board.api.client("I", Role.engineer)
    for give in (_role, _membership):
        await give(drafter, newcomer)
    for by, person in ((drafter, heads[0]), (other, heads[1]), (drafter, newcomer)):
        await take(by, person)
    path = await _assessed(board, drafter)
    preview = await previewed(board.manager, path)
    assert heads[2].id in people(preview["voters"])
    removed = {person for person, why in reasons(preview).items() if why == "removed_by_party"}
    assert removed == {heads[0].id}
    monkeypatch.setattr(grants, "SETTLING", timedelta(0))
    assert heads[0].id not in reasons(await previewed(board.manager, path))
