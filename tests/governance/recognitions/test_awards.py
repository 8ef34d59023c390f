"""Awards are given by staff to others, told to whoever receives them, and seen by those concerned."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from httpx import Response

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.automation.worker import Worker
from tests.client import Api, Client, Json

REFUSED_TEAMS = {TeamKind.customer: "team_not_internal", TeamKind.supplier: "supplier_gets_no_work"}


def award(**more: object) -> Json:
    """What is said of an award."""
    return {"kind": "knowledge", "reason": "Her articles have spared us a hundred calls.", **more}


def code(answer: Response) -> tuple[str, str]:
    """Where the body is wrong, and why."""
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def sees(client: Client, sent: Json) -> bool:
    """Whether the client finds the award, by its number and in the list."""
    alone = (await client.get(f"/v1/recognitions/{sent['number']}")).status_code == 200
    listed = sent["id"] in [entry["id"] for entry in (await client.read("/v1/recognitions"))["items"]]
    assert alone is listed
    return alone


async def test_an_award_to_a_person_is_told_to_them_and_seen_by_nobody_else(api: Api) -> None:
    giver, receiver = await api.client("Giver", Role.agent), await api.client("Receiver", Role.engineer)
    outsiders = [
        await api.client(f"{role}", role) for role in (Role.engineer, Role.quality_manager, Role.admin)
    ]
    sent = await giver.post_ok("/v1/recognitions", award(person=receiver.id))
    assert await sees(giver, sent)
    assert await sees(receiver, sent)
    assert [await sees(other, sent) for other in outsiders] == [False, False, False]
    for minutes in (1, 5):
        await Worker(api.ledger).work(datetime.now(UTC) + timedelta(minutes=minutes))
    rows = await api.ledger.db.rows(
        "select person_id from fold.notice where about = %s and 'recognised' = any(steps)",
        (f"recognition/{sent['id']}",),
    )
    assert [str(row["person_id"]) for row in rows] == [receiver.id]


async def test_an_award_prints_as_a_certificate_for_those_who_see_it(api: Api) -> None:
    giver, receiver = await api.client("Giver", Role.agent), await api.client("Receiver", Role.engineer)
    sent = await giver.post_ok("/v1/recognitions", award(person=receiver.id))
    address = f"/v1/recognitions/{sent['id']}/certificate"
    chinese = (await receiver.get(address, params={"lang": "zh"})).text
    words = ("Receiver", "特此表彰：知识分享。", "spared us a hundred calls", "授予人", "Giver")
    assert [word for word in words if word not in chinese] == []
    assert "管理层" not in chinese, "nobody signs for the management"
    for name in ("Chen", "Wu"):
        await api.client(name, Role.management)
    signed = (await receiver.get(address, params={"lang": "en"})).text.partition('class="signatures"')[2]
    assert re.findall(r"<td>([^<]+)<td>([^<]*)<td>", signed) == [
        ("Given by", "Giver"),
        ("Management", "Chen / Wu"),
    ]
    stranger = await api.client("Stranger", Role.engineer)
    assert (await stranger.get(address)).status_code == 404


async def test_nobody_signs_their_own_award_for_the_management(api: Api) -> None:
    giver, receiver = await api.client("Giver", Role.management), await api.client("Wu", Role.management)
    sent = await giver.post_ok("/v1/recognitions", award(person=receiver.id))
    address = f"/v1/recognitions/{sent['id']}/certificate"
    assert "Management" not in (await receiver.get(address, params={"lang": "en"})).text


async def test_a_public_award_everybody_sees_and_one_to_a_team_its_members(api: Api) -> None:
    await api.team("network")
    giver, guest = await api.client("Giver", Role.agent), await api.client("Guest")
    member = await api.client("Member", Role.engineer, teams=("network",))
    public = await giver.post_ok("/v1/recognitions", award(person=member.id, public=True))
    assert await sees(guest, public)
    of_team = await giver.post_ok("/v1/recognitions", award(team="network"))
    assert (await sees(member, of_team), await sees(guest, of_team)) == (True, False)


async def test_awards_are_given_to_staff_of_the_organisation_and_their_teams_only(api: Api) -> None:
    giver = await api.client("Giver", Role.agent)
    for key, kind in (("clients", TeamKind.customer), ("fitters", TeamKind.supplier)):
        await api.team(key, kind)
        outsider = await api.client(f"Of {key}", teams=(key,))
        refused = await giver.post("/v1/recognitions", json=award(person=outsider.id))
        assert code(refused) == ("/person", "not_staff"), key
        pointer, because = code(await giver.post("/v1/recognitions", json=award(team=key)))
        assert (pointer, because) == ("/team", REFUSED_TEAMS[kind]), key


async def test_nobody_gives_themselves_or_their_team_an_award(api: Api) -> None:
    await api.team("network")
    giver = await api.client("Giver", Role.engineer, teams=("network",))
    other, guest = await api.client("Other", Role.agent), await api.client("Guest")
    path = "/v1/recognitions"
    assert code(await giver.post(path, json=award(person="me"))) == ("/person", "not_to_oneself")
    assert code(await giver.post(path, json=award(team="network"))) == ("/team", "not_to_oneself")
    assert code(await giver.post(path, json=award())) == ("/person", "person_or_team")
    both = award(person=other.id, team="network")
    assert code(await giver.post(path, json=both)) == ("/person", "person_or_team")
    assert (await guest.post(path, json=award(person=other.id))).status_code == 403
