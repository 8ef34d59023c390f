"""What comes of a constraint that a command violates: the part answers whose lifecycle declares it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.common.people import Role, rule
from app.foundation.people.teams import AddTeam
from app.kernel.constraints import DecidedAgain, Refused, Taken, declared, refusal
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Second
from app.kernel.perform import Act, NotAll, perform, perform_all
from app.kernel.refusals import NotNow, WrongValue
from app.log import read
from app.log.events import stream
from app.log.writer import Stale
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from tests.given import incident as an_incident
from tests.kernel.incidents import report
from tests.people import add_caller, add_team, context

BY_RULE = rule("tests")
#: Whoever accepts this has a team made by the same command.
WITH_A_TEAM = Second(
    action="add",
    field="occurred_at",
    record=lambda at: stream("team", at.second_id),
    body=lambda incident, body: AddTeam(key="mail", name="Mail"),
)


@pytest.fixture
async def incident(ledger: Ledger) -> Incident:
    return await report(ledger, await add_caller(ledger, "Agent", Role.agent))


def _with_a_team(incident: Incident) -> Act:
    row = replace(LIFECYCLE["tag"], second=WITH_A_TEAM)
    return Act(LIFECYCLE, row, str(incident.id), row.body(tag="relay"), context(BY_RULE))


def _a_team(ledger: Ledger, key: str) -> Act:
    lifecycle = ledger.lifecycles["team"]
    return Act(lifecycle, lifecycle["add"], None, AddTeam(key=key, name=key), context(BY_RULE))


async def test_a_constraint_of_a_second_record_is_wrong_with_naming_it(
    ledger: Ledger, incident: Incident
) -> None:
    await add_team(ledger, "mail")
    before = await read.head(ledger.db)
    with pytest.raises(WrongValue) as wrong:
        await perform(ledger, _with_a_team(incident))
    assert (wrong.value.pointer, wrong.value.because) == ("/occurred_at", "refused_there")
    assert await read.head(ledger.db) == before


async def test_of_several_commands_those_are_refused_that_can_have_violated_it(
    ledger: Ledger, incident: Incident
) -> None:
    await add_team(ledger, "mail")
    tagged = Act(
        LIFECYCLE, LIFECYCLE["tag"], str(incident.id), LIFECYCLE["tag"].body(tag="relay"), context(BY_RULE)
    )
    with pytest.raises(NotAll) as none:
        await perform_all(ledger, [tagged, _a_team(ledger, "mail")])
    assert [(n, one.sentence("en")) for n, one in none.value.refused.items()] == [
        (1, WrongValue({"field": "key"}, pointer="/key", because="taken").sentence("en"))
    ]


def test_each_declaration_has_a_refusal_of_its_own() -> None:
    incident, row = an_incident(), LIFECYCLE["tag"]
    act = Act(LIFECYCLE, row, str(incident.id), row.body(tag="relay"), context(BY_RULE))
    wrong = refusal(Taken("key"), act, incident)
    assert isinstance(wrong, WrongValue)
    assert (wrong.pointer, wrong.because) == ("/key", "taken")
    refused = refusal(Refused("alert_is_open_elsewhere"), act, incident)
    assert isinstance(refused, NotNow)
    assert refused.code == "alert_is_open_elsewhere"
    assert isinstance(refusal(DecidedAgain(), act, incident), Stale)
    assert declared(act, "incident_alert_is_open_elsewhere") == Refused("alert_is_open_elsewhere")
    assert declared(act, "team_key_key") is None, "it is another lifecycle's"
    assert declared(act, "personal_key_pkey") is None, "no field of the body names an upload"
