"""What nobody has is given by the assignment rules: once, in turn, and to whom is there."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.automation.tickets.assign_by_rule import RULE
from app.common.people import Role, rule_caller
from app.foundation.assignment.assignment_rules import AddAssignmentRule
from app.foundation.rota.stand_ins import AgreeStandIn
from app.foundation.services.services import ProposeService
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.platform.db import connect
from app.processes.incidents.payloads import ResolveIncident
from app.processes.incidents.records import Incident
from app.processes.requests.payloads import SubmitRequest
from app.ticketing.work.assignment import AssignTicket
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.extent import WHOLE, in_test_all
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, add_person, add_team


async def add_rule(ledger: Ledger, team: str, **more: Any) -> UUID:
    """A rule of incidents; gives its id."""
    fields = {"process": "incident", "name": f"To {team}", "position": 1, "to_team": team, **more}
    body = AddAssignmentRule.model_validate(fields)
    identifier: UUID = (
        await act(ledger, rule_caller("tests"), "assignment_rule", "add", body=body)
    ).record.id
    return identifier


async def a_team(ledger: Ledger, key: str, persons: int) -> list[UUID]:
    """A team of so many; gives their ids."""
    await add_team(ledger, key)
    return [(await add_person(ledger, f"{key}-{n}", key)).id for n in range(persons)]


async def reported(desk: Desk, **changed: Any) -> Incident:
    """An incident that nobody has."""
    done = await act(desk.ledger, desk.agent, "incident", "report", None, a_report(**changed))
    incident: Incident = done.record
    return incident


async def given_to(desk: Desk, incident: Incident) -> UUID | None:
    """Who has it."""
    person: UUID | None = (await desk.row(incident))["assignee_id"]
    return person


async def assignments(desk: Desk) -> list[UUID | None]:
    """Whom the rule gave something, in order."""
    query = (
        "select (data->'given'->>'person')::uuid as person from log.told "
        "where actor = 'rule:assign_by_rule' order by position"
    )
    return [row["person"] for row in await desk.ledger.db.rows(query)]


async def test_what_nobody_has_is_given_by_the_first_rule_that_is_for_it(desk: Desk) -> None:
    (mia,) = await a_team(desk.ledger, "mail", 1)
    await a_team(desk.ledger, "net", 1)
    await add_rule(desk.ledger, "net", position=2)
    await add_rule(desk.ledger, "mail", for_service="mail", choose="in_turn")
    mail, other = await reported(desk, service="mail"), await reported(desk)
    own = await desk.report(service="mail")
    await desk.pass_time(seconds=1)
    (event,) = await by_rules(desk.ledger, mail.row_key)
    assert (event.type, event.actor) == ("incident.assigned", "rule:assign_by_rule")
    assert await given_to(desk, mail) == mia
    row = await desk.row(other)
    assert (row["assignee_id"], row["team_id"] is None) == (None, False)
    assert await given_to(desk, own) == desk.agent.person_id


async def test_without_a_rule_for_it_and_without_anybody_to_choose(desk: Desk) -> None:
    await a_team(desk.ledger, "net", 0)
    await add_rule(desk.ledger, "net", for_category="network", choose="least_loaded")
    nobodys, teams = await reported(desk), await reported(desk, category="network")
    await desk.pass_time(seconds=1)
    assert await by_rules(desk.ledger, nobodys.row_key) == []
    row = await desk.row(teams)
    assert (row["team_id"], row["assignee_id"]) == (None, None), "nobody is in the team"


async def test_without_any_rule_a_ticket_goes_to_the_team_of_its_service(desk: Desk) -> None:
    await a_team(desk.ledger, "mailers", 1)
    await add_team(desk.ledger, "empty")
    keeper = await add_caller(desk.ledger, "Mia", Role.service_level_manager)
    for key, team in (("mail", "mailers"), ("print", "empty"), ("phone", None)):
        names = {"key": key, "name_en": key, "name_zh": key, "criticality": "low", "owner": "me"}
        body = ProposeService.model_validate(names | ({"team": team} if team else {}))
        await act(desk.ledger, keeper, "service", "propose", body=body)
    tickets = {key: await reported(desk, service=key) for key in ("mail", "print", "phone")}
    tickets["none"] = await reported(desk)
    await desk.pass_time(seconds=1)
    teams = {key: (await desk.row(ticket))["team_id"] for key, ticket in tickets.items()}
    assert [key for key, team in teams.items() if team is not None] == ["mail"]
    (event,) = await by_rules(desk.ledger, tickets["mail"].row_key)
    assert (event.type, await given_to(desk, tickets["mail"])) == ("incident.assigned", None)
    await add_rule(desk.ledger, "mailers", for_category="network")
    other = await reported(desk, service="mail")
    await desk.pass_time(seconds=1)
    assert (await desk.row(other))["team_id"] is None, "the rules that there are decide"


async def test_without_a_rule_a_request_waits_for_the_desk_which_assesses_it(desk: Desk) -> None:
    await a_team(desk.ledger, "mailers", 1)
    keeper = await add_caller(desk.ledger, "Mia", Role.service_level_manager)
    names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "low", "owner": "me"}
    service = ProposeService.model_validate(names | {"team": "mailers"})
    await act(desk.ledger, keeper, "service", "propose", body=service)
    words = {"title": "A mailbox", "description": "For the new office.", "service": "mail"}
    payload = SubmitRequest.model_validate(words | {"channel": "hotline", "urgency": "3"})
    request = (await act(desk.ledger, desk.agent, "request", "submit", None, payload)).record
    await desk.pass_time(seconds=1)
    query = "select team_id from fold.request where id = %s"
    assert await desk.ledger.db.value(query, (request.id,)) is None


async def test_many_reports_at_once_are_given_to_four_in_turn(desk: Desk) -> None:
    persons = await a_team(desk.ledger, "net", 4)
    await add_rule(desk.ledger, "net", choose="in_turn")
    rounds = 5 if WHOLE else 2
    await asyncio.gather(*(reported(desk) for _ in range(4 * rounds + 1)))
    await asyncio.gather(desk.pass_time(seconds=1), desk.pass_time(seconds=1))
    had = Counter(await assignments(desk))
    assert had.keys() == set(persons)
    assert sorted(had.values()) == [rounds, rounds, rounds, rounds + 1]
    assert desk.worker.failures == []


async def test_who_has_least_open_is_given_the_next(desk: Desk) -> None:
    ann, ben = await a_team(desk.ledger, "net", 2)
    await add_rule(desk.ledger, "net", choose="least_loaded")
    for _ in range(3):
        incident = await reported(desk)
        await act(
            desk.ledger,
            rule_caller("tests"),
            "incident",
            "assign",
            incident.id,
            AssignTicket(person=str(ann)),
        )
    for _ in range(4):
        await reported(desk)
    await desk.pass_time(seconds=1)
    assert await assignments(desk) == [ben, ben, ben, ann]


async def test_who_is_on_call_is_given_it_while_nobody_works(desk: Desk) -> None:
    ann, ben = await a_team(desk.ledger, "net", 2)
    (mia,) = await a_team(desk.ledger, "desk", 1)
    await add_rule(desk.ledger, "desk", hours="somebody_works", choose="on_duty")
    await add_rule(desk.ledger, "net", position=2, choose="on_call")
    begin = desk.now - timedelta(hours=1)
    on_call = {"team": "net", "person": str(ben), "duty": "on_call", "starts_at": begin}
    working = {"team": "desk", "person": str(mia), "duty": "working", "starts_at": begin}
    for fields, hours in ((on_call, 9), (working, 3)):
        body = AgreeStandIn.model_validate({**fields, "ends_at": begin + timedelta(hours=hours)})
        await act(desk.ledger, rule_caller("tests"), "stand_in", "agree", body=body)
    await reported(desk)
    await desk.pass_time(hours=1)
    await reported(desk)
    await desk.pass_time(hours=3)
    await reported(desk)
    await desk.pass_time(hours=8)
    assert await assignments(desk) == [mia, ben, None]
    assert ann not in await assignments(desk)


@in_test_all
async def test_who_became_inactive_has_no_turn(desk: Desk) -> None:
    ann, ben = await a_team(desk.ledger, "net", 2)
    await add_rule(desk.ledger, "net", choose="in_turn")
    await reported(desk)
    await desk.pass_time(seconds=1)
    await act(desk.ledger, rule_caller("tests"), "person", "deactivate", ben)
    for _ in range(2):
        await reported(desk)
    await desk.pass_time(seconds=1)
    await act(desk.ledger, rule_caller("tests"), "person", "activate", ben)
    await reported(desk)
    await desk.pass_time(seconds=1)
    assert await assignments(desk) == [ann, ann, ann, ben]


@in_test_all
async def test_what_is_reopened_and_nobodys_is_given_to_somebody(desk: Desk) -> None:
    incident = await reported(desk)
    await act(desk.ledger, rule_caller("tests"), "incident", "resolve", incident.id, resolved())
    await desk.pass_time(seconds=1)
    (ann,) = await a_team(desk.ledger, "net", 1)
    await add_rule(desk.ledger, "net", choose="in_turn")
    await desk.reopen(incident)
    await desk.pass_time(seconds=1)
    assert await given_to(desk, incident) == ann


@in_test_all
async def test_taken_twice_it_is_given_once_and_the_turns_are_the_same(desk: Desk) -> None:
    persons = await a_team(desk.ledger, "net", 3)
    await add_rule(desk.ledger, "net", choose="in_turn")
    for _ in range(4):
        await reported(desk)
    await desk.pass_time(seconds=1)
    before = await assignments(desk)
    owner = await connect(desk.ledger.db.url, FOLLOW_LIMITS)
    try:
        # As after a worker that was killed before it could keep turns and checkpoint.
        await owner.execute("delete from plumbing.assignment_turn")
        consumer = RULE.consumer(desk.ledger, lambda: desk.now)
        await reset(owner, consumer)
        await catch_up(owner, consumer)
    finally:
        await owner.close()
    assert await assignments(desk) == before
    await reported(desk)
    await desk.pass_time(seconds=1)
    assert (await assignments(desk))[-1] == persons[1]


async def test_what_was_reported_before_there_was_a_rule_is_left_alone(desk: Desk) -> None:
    await a_team(desk.ledger, "net", 1)
    await reported(desk)
    await add_rule(desk.ledger, "net", choose="in_turn")
    await desk.pass_time(seconds=1)
    assert await assignments(desk) == []


def resolved() -> ResolveIncident:
    """It is over."""
    return ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
