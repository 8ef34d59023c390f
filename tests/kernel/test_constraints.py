"""What comes of a constraint that a command violates: the part answers whose lifecycle declares it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.common.people import Role, rule_caller
from app.foundation.people.teams import AddTeam
from app.kernel.actions.lifecycle import Consequences
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import CheckFailed, RetryDecision, ValueTaken
from app.kernel.commands.batch import BatchRefused, perform_all
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.commands.violations import refusal_for, violation_of
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import stream
from app.log.writer import ConcurrencyConflict
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from tests.builders import incident as an_incident
from tests.kernel.incidents import report
from tests.people import add_caller, add_team, context

BY_RULE = rule_caller("tests")
#: Whoever accepts this has a team made by the same command.
WITH_A_TEAM = RelatedCommand(
    action="add",
    field="occurred_at",
    record=lambda ctx: stream("team", ctx.command.related_id),
    body=lambda incident, body: AddTeam(key="mail", name="Mail"),
)


@pytest.fixture
async def incident(ledger: Ledger) -> Incident:
    return await report(ledger, await add_caller(ledger, "Agent", Role.agent))


def _with_a_team(incident: Incident) -> Command:
    row = replace(LIFECYCLE["tag"], consequences=Consequences(related=(WITH_A_TEAM,)))
    return Command(LIFECYCLE, row, str(incident.id), row.body(tag="relay"), context(BY_RULE))


def _a_team(ledger: Ledger, key: str) -> Command:
    lifecycle = ledger.lifecycles["team"]
    return Command(lifecycle, lifecycle["add"], None, AddTeam(key=key, name=key), context(BY_RULE))


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
    tagged = Command(
        LIFECYCLE, LIFECYCLE["tag"], str(incident.id), LIFECYCLE["tag"].body(tag="relay"), context(BY_RULE)
    )
    with pytest.raises(BatchRefused) as none:
        await perform_all(ledger, [tagged, _a_team(ledger, "mail")])
    assert [(n, refusal.sentence("en")) for n, refusal in none.value.refused.items()] == [
        (1, WrongValue({"field": "key"}, pointer="/key", because="taken").sentence("en"))
    ]


def test_each_declaration_has_a_refusal_of_its_own() -> None:
    incident, row = an_incident(), LIFECYCLE["tag"]
    command = Command(LIFECYCLE, row, str(incident.id), row.body(tag="relay"), context(BY_RULE))
    wrong = refusal_for(ValueTaken("key"), command, incident)
    assert isinstance(wrong, WrongValue)
    assert (wrong.pointer, wrong.because) == ("/key", "taken")
    refused = refusal_for(CheckFailed("alert_is_open_elsewhere"), command, incident)
    assert isinstance(refused, ActionUnavailable)
    assert refused.code == "alert_is_open_elsewhere"
    assert isinstance(refusal_for(RetryDecision(), command, incident), ConcurrencyConflict)
    assert violation_of(command, "incident_alert_is_open_elsewhere") == CheckFailed("alert_is_open_elsewhere")
    assert violation_of(command, "team_key_key") is None, "it is another lifecycle's"
    assert violation_of(command, "personal_key_pkey") is None, "no field of the body names an upload"
