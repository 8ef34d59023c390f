"""Who approves an emergency change: people on call whom nobody involved chose, and only if it cannot wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Grade, Role
from tests.client import Client, Json
from tests.processes.changes.samples import Board, a_change
from tests.processes.changes.test_who_approves import is_asked_as_previewed, people, previewed, wrong


async def test_those_on_call_decide_on_an_emergency_if_two_of_them_are_and_seniors_otherwise(
    board: Board,
) -> None:
    body: Json = {"cannot_wait": "Nobody can send mail."}
    path = await board.submitted(type="emergency")
    question = await is_asked_as_previewed(board.engineer, path, "emergency_change", **body)
    assert question["voters"] == people([board.member])
    admin = await board.api.client("Ada", Role.admin)
    await board.api.team("rota")
    juniors: list[Client] = []
    for name in ("Nils", "Ines"):
        junior = await board.api.client(name, Role.cab_member, teams=("rota",), grade=Grade.staff)
        await put_on_call(admin, junior)
        juniors.append(junior)
        path = await board.submitted(type="emergency")
        preview = await previewed(board.engineer, path, "emergency_change")
        expected = [board.member, *juniors] if len(juniors) == 1 else juniors
        assert people(preview["voters"]) == people(expected)
    assert (await is_asked_as_previewed(board.agent, path, "emergency_change", **body))["voters"] == people(
        juniors
    )


async def test_no_party_puts_somebody_on_call_for_their_own_emergency(board: Board) -> None:
    await board.api.team("rota")
    friend = await board.api.client("Friend", Role.cab_member, teams=("rota",), grade=Grade.staff)
    drafter = await board.api.client("Drafter", Role.agent, teams=("rota",))
    nils = await board.api.client("Nils", Role.cab_member, teams=("rota",), grade=Grade.staff)
    await put_on_call(await board.api.client("Ada", Role.admin), nils)
    now = datetime.now(UTC)
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=8)}
    stand_in = {"team": "rota", "duty": "on_call", "person": friend.id}
    stand_in |= {name: instant.isoformat().replace("+00:00", "Z") for name, instant in times.items()}
    await drafter.post_ok("/v1/stand_ins", stand_in)
    path = f"/v1/changes/{(await drafter.post_ok('/v1/changes', a_change(type='emergency')))['id']}"
    await drafter.post_ok(f"{path}/submit")
    preview = await previewed(board.engineer, path, "emergency_change")
    assert people(preview["voters"]) == people([nils, board.member])


async def test_only_those_who_keep_the_rota_put_somebody_on_call_for_an_emergency(board: Board) -> None:
    await board.api.team("rota")
    friend, nils = [
        await board.api.client(name, Role.cab_member, teams=("rota",), grade=Grade.staff)
        for name in ("Friend", "Nils")
    ]
    mate = await board.api.client("Mate", Role.engineer, teams=("rota",))
    lead = await board.api.client("Lead", Role.agent, teams=("rota",))
    admin = await board.api.client("Ada", Role.admin)
    await put_on_call(admin, nils)
    team = next(t for t in (await admin.read("/v1/teams", limit=200))["items"] if t["key"] == "rota")
    answer = await admin.patch(f"/v1/teams/{team['id']}", json={"lead": lead.id}, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    now = datetime.now(UTC)
    times = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=8)}
    stand_in = {"team": "rota", "duty": "on_call", "person": friend.id}
    stand_in |= {name: instant.isoformat().replace("+00:00", "Z") for name, instant in times.items()}
    for keeper, voters in ((mate, [nils, board.member]), (lead, [nils, friend])):
        await keeper.post_ok("/v1/stand_ins", stand_in)
        path = await board.submitted(type="emergency")
        preview = await previewed(board.engineer, path, "emergency_change")
        assert people(preview["voters"]) == people(voters)
    of_own_team = await board.submitted(type="emergency", team="rota")
    preview = await previewed(board.engineer, of_own_team, "emergency_change")
    assert people(preview["voters"]) == people([nils, board.member]), "their lead chooses no board"
    covered = {**stand_in, "instead_of": nils.id}
    third = await board.api.client("Third", Role.cab_member, Role.agent, teams=("rota",), grade=Grade.staff)
    await (await board.api.whole(third)).post_ok("/v1/stand_ins", {**covered, "person": third.id})
    for team, voters in (("network", [third, friend]), ("rota", [nils, board.member])):
        path = await board.submitted(type="emergency", team=team)
        preview = await previewed(board.engineer, path, "emergency_change")
        assert people(preview["voters"]) == people(voters), "the cover of a colleague holds"


async def test_no_party_changes_who_is_on_call_by_absences_or_by_ending_shifts(board: Board) -> None:
    await board.api.team("rota")
    nils, ines, friend = [
        await board.api.client(name, Role.cab_member, teams=("rota",), grade=Grade.staff)
        for name in ("Nils", "Ines", "Friend")
    ]
    admin = await board.api.client("Ada", Role.admin)
    shifts = [await put_on_call(admin, person) for person in (nils, ines)]
    drafter = await board.api.client("Drafter", Role.agent, Role.admin, teams=("rota",))
    now = datetime.now(UTC)
    times = [(now + timedelta(hours=hours)).isoformat().replace("+00:00", "Z") for hours in (-1, 8)]
    away = {"from_at": times[0], "until_at": times[1], "deputy": friend.id}
    await drafter.post_ok("/v1/absences", {**away, "person": nils.id})
    path = f"/v1/changes/{(await drafter.post_ok('/v1/changes', a_change(type='emergency')))['id']}"
    await drafter.post_ok(f"{path}/submit")

    async def voters() -> set[str]:
        return people((await previewed(board.engineer, path, "emergency_change"))["voters"])

    assert await voters() == people([nils, ines]), "the drafter said that Nils is away"
    await admin.post_ok("/v1/absences", {**away, "person": ines.id})
    assert await voters() == people([nils, ines]), "and somebody has said so of Ines since"
    himself = await board.api.whole(nils)
    own = await himself.post_ok("/v1/absences", away)
    assert await voters() == people([friend, ines]), "people know themselves when they are away"
    await drafter.post_ok(f"/v1/absences/{own['id']}/withdraw")
    assert await voters() == people([friend, ines])
    for shift in shifts:
        await drafter.post_ok(f"/v1/shifts/{shift['id']}/end", {"until_date": shift["from_date"]})
    assert await voters() == people([friend, ines]), "nor do shifts end for it"


async def put_on_call(admin: Client, person: Client) -> Json:
    """The person is on call in the team `rota` on all days."""
    today = datetime.now(UTC).date()
    dates = {"from_date": str(today - timedelta(days=1)), "until_date": str(today + timedelta(days=2))}
    hours = {"starts": "00:00", "ends": "00:00", "time_zone": "UTC"}
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    shift = {"team": "rota", "person": person.id, "duty": "on_call", "weekdays": days}
    return await admin.post_ok("/v1/shifts", {**shift, **dates, **hours})


async def test_an_emergency_is_not_wanted_when_the_usual_board_could_have_decided(board: Board) -> None:
    now = datetime.now(UTC).replace(microsecond=0)

    def wanted(days: float) -> Json:
        begin = now + timedelta(days=days)
        return {
            "wanted_from_at": begin.isoformat(),
            "wanted_until_at": (begin + timedelta(hours=2)).isoformat(),
        }

    async def edit(fields: Json) -> None:
        answer = await board.agent.patch(path, json=fields, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text

    drafted = await board.drafted(type="emergency", **wanted(60))
    path = f"/v1/changes/{drafted['id']}"
    late = (422, [("/wanted_from_at", "no_emergency_so_late")])
    assert await wrong(board.agent, f"{path}/submit") == late
    await edit(wanted(4))
    assert await wrong(board.agent, f"{path}/submit") == late, "the board can decide in the least time"
    await edit(wanted(3.4))
    await board.agent.post_ok(f"{path}/submit")
    await edit(wanted(60))
    question = board.question(cannot_wait="Nobody can work.")
    ask = f"{path}/request_emergency_approval"
    assert await wrong(board.engineer, ask, question) == late, "though it was submitted as one of now"
    await board.rule("quick", voters=[{"role": "cab_member"}], due_within_seconds=2 * 86_400)
    await edit(wanted(3.4))
    await board.engineer.post_ok(ask, question)
    quicker = f"/v1/changes/{(await board.drafted(type='emergency', **wanted(5)))['id']}"
    assert await wrong(board.agent, f"{quicker}/submit") == late, "by the rule of its own time"
    long_term = wanted(0.1) | {"wanted_until_at": wanted(60)["wanted_from_at"]}
    endless = f"/v1/changes/{(await board.drafted(type='emergency', **long_term))['id']}"
    refused = (422, [("/wanted_until_at", "no_emergency_so_long")])
    assert await wrong(board.agent, f"{endless}/submit") == refused
    normal = f"/v1/changes/{(await board.drafted(**wanted(60)))['id']}"
    await board.agent.post_ok(f"{normal}/submit")
