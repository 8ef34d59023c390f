"""A P1 that nobody has acknowledged is reminded of every five minutes."""

from __future__ import annotations

from datetime import timedelta

from app.common.people import rule_caller
from app.foundation.people.teams import AddTeam
from app.foundation.rota.stand_ins import AgreeStandIn
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.extent import in_test_all
from tests.people import act, add_person, add_team

P1 = {"impact": "1", "urgency": "1"}


async def reminders(desk: Desk, incident: Incident) -> list[tuple[timedelta, list[str]]]:
    """How long after its report, and whom."""
    reminded = []
    for event in await by_rules(desk.ledger, incident.row_key):
        assert incident.opened_at is not None
        if event.actor == "rule:remind_on_call":
            assert event.type == "incident.reminded"
            reminded.append((event.occurred_at - incident.opened_at, event.data["given"]["persons"]))
    return reminded


async def test_a_p1_is_reminded_of_every_five_minutes_until_somebody_acknowledges_it(desk: Desk) -> None:
    await manager(desk)
    incident = await desk.report(**P1)
    await desk.pass_time(minutes=4)
    assert await reminders(desk, incident) == []
    for _ in range(3):
        await desk.pass_time(minutes=5)
    assert [after for after, _ in await reminders(desk, incident)] == [
        timedelta(minutes=n) for n in (5, 10, 15)
    ]
    await desk.perform("acknowledge", incident)
    await desk.pass_time(minutes=60)
    assert len(await reminders(desk, incident)) == 3


async def manager(desk: Desk) -> str:
    """An incident manager, by their id."""
    return str((await add_person(desk.ledger, "Manager", roles=("incident_manager",))).id)


@in_test_all
async def test_after_an_outage_it_is_reminded_of_once(desk: Desk) -> None:
    await manager(desk)
    incident = await desk.report(**P1)
    await desk.pass_time(hours=3)
    assert len(await reminders(desk, incident)) == 1


async def test_other_priorities_and_what_somebody_has_begun_are_not_reminded_of(desk: Desk) -> None:
    await manager(desk)
    second = await desk.report(impact="1", urgency="2")
    begun = await desk.perform("start", await desk.report(**P1))
    await desk.pass_time(hours=1)
    assert await reminders(desk, second) == await reminders(desk, begun) == []


async def test_on_hold_before_anybody_has_seen_it_is_no_excuse(desk: Desk) -> None:
    await manager(desk)
    incident = await desk.hold(await desk.report(**P1), None)
    await desk.pass_time(minutes=5)
    assert len(await reminders(desk, incident)) == 1


async def test_who_is_on_call_in_its_team_is_reminded_before_its_lead(desk: Desk) -> None:
    await manager(desk)
    body = AddTeam(key="net", name="Network", lead=str((await add_person(desk.ledger, "Lead")).id))
    await act(desk.ledger, rule_caller("tests"), "team", "add", body=body)
    person = str((await add_person(desk.ledger, "Duty", "net")).id)
    begin = desk.now - timedelta(days=1)
    duty = {"team": "net", "person": person, "duty": "on_call", "starts_at": begin}
    stands_in = AgreeStandIn.model_validate({**duty, "ends_at": begin + timedelta(days=9)})
    await act(desk.ledger, rule_caller("tests"), "stand_in", "agree", body=stands_in)
    incident = await desk.report(**P1)
    await act(desk.ledger, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="net"))
    await desk.pass_time(minutes=5)
    assert [persons for _, persons in await reminders(desk, incident)] == [[person]]


@in_test_all
async def test_who_was_deactivated_is_never_reminded(desk: Desk) -> None:
    managing = await manager(desk)
    lead = (await add_person(desk.ledger, "Lead")).id
    await act(
        desk.ledger,
        rule_caller("tests"),
        "team",
        "add",
        body=AddTeam(key="net", name="Network", lead=str(lead)),
    )
    person = (await add_person(desk.ledger, "Duty", "net")).id
    begin = desk.now - timedelta(days=1)
    duty = {"team": "net", "person": str(person), "duty": "on_call", "starts_at": begin}
    stands_in = AgreeStandIn.model_validate({**duty, "ends_at": begin + timedelta(days=9)})
    await act(desk.ledger, rule_caller("tests"), "stand_in", "agree", body=stands_in)
    incident = await desk.report(**P1)
    await act(desk.ledger, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="net"))
    for leaving in (person, lead):
        await act(desk.ledger, rule_caller("tests"), "person", "deactivate", leaving)
        await desk.pass_time(minutes=5)
    await act(desk.ledger, rule_caller("tests"), "person", "activate", person)
    await desk.pass_time(minutes=5)
    reminded = [persons for _, persons in await reminders(desk, incident)]
    assert reminded == [[str(lead)], [managing], [str(person)]]


async def test_it_is_the_teams_lead_who_is_reminded_and_without_one_the_incident_managers(desk: Desk) -> None:
    managing = await manager(desk)
    await add_team(desk.ledger, "mail")
    lead = str((await add_person(desk.ledger, "Lead")).id)
    led = AddTeam(key="net", name="Network", lead=lead)
    await act(desk.ledger, rule_caller("tests"), "team", "add", body=led)
    incident = await desk.report(**P1)
    await act(desk.ledger, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="mail"))
    await desk.pass_time(minutes=5)
    await act(desk.ledger, rule_caller("tests"), "incident", "assign", incident.id, AssignTicket(team="net"))
    await desk.pass_time(minutes=5)
    assert [persons for _, persons in await reminders(desk, incident)] == [[managing], [lead]]


@in_test_all
async def test_while_there_is_nobody_to_remind_it_is_looked_for_one(desk: Desk) -> None:
    incident = await desk.report(**P1)
    await desk.pass_time(minutes=10)
    assert await reminders(desk, incident) == []
    managing = await manager(desk)
    await desk.pass_time(minutes=1)
    assert [persons for _, persons in await reminders(desk, incident)] == [[managing]]
    assert desk.worker.failures == []
