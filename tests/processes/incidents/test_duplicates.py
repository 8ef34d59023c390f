"""Incidents that repeat another one, and hear of its end (process document, *Incidents*)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from app.common.people import Caller, Role, rule_caller
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import MarkDuplicateIncident, ReportIncident
from app.processes.incidents.records import OPEN, Incident
from tests.automation.worker import Worker
from tests.builders import AGENT, ASSIGNEE, NOW, REPORTER, TOOL, a_person, given, incident, minutes
from tests.client import Api, an_incident
from tests.people import act, add_caller


@pytest.mark.parametrize("state", sorted(OPEN))
def test_whatever_is_open_is_closed_as_a_duplicate(state: str) -> None:
    original = incident()
    marked = given(incident(state=state, held_from="new" if state == "on_hold" else None)).by(AGENT)
    outcome = marked.naming(original=original).when("mark_duplicate")
    record = outcome.then("incident.marked_duplicate", given={"original": str(original.id)}).record
    assert (record.state, record.closed_at, record.duplicate_of_id) == ("closed", NOW, original.id)
    assert (record.resolved_at, record.service_restored_at, record.held_from) == (None, None, None)


def test_nothing_repeats_itself() -> None:
    record = incident()
    outcome = given(record).by(AGENT).naming(original=record).when("mark_duplicate")
    outcome.refused("itself", pointer="/original")


def test_nothing_repeats_what_was_no_incident() -> None:
    outcome = given(incident()).by(AGENT).naming(original=incident(state="cancelled")).when("mark_duplicate")
    outcome.refused("was_cancelled", pointer="/original")


@pytest.mark.parametrize("caller", [REPORTER, ASSIGNEE, TOOL], ids=["reporter", "engineer", "integration"])
def test_only_agents_say_that_it_repeats_another(caller: Caller) -> None:
    given(incident()).by(caller).naming(original=incident()).when("mark_duplicate").refused("forbidden")


def test_reopened_it_repeats_nothing_any_more() -> None:
    record = incident(state="closed", closed_at=minutes(-10), duplicate_of_id=incident().id)
    outcome = given(record).by(REPORTER).when("reopen", {"reason": "Mine is another fault."})
    reopened = outcome.then("incident.reopened").record
    assert (reopened.state, reopened.duplicate_of_id, reopened.closed_at) == ("in_progress", None, None)


def test_a_duplicate_is_told_that_its_original_is_resolved_and_stays_as_it_is() -> None:
    record = incident(state="closed", closed_at=minutes(-10), duplicate_of_id=incident().id)
    outcome = given(record).by(rule_caller("tell_duplicates")).when("tell_resolved")
    outcome.then("incident.original_resolved", set={}, given={})
    given(record).by(AGENT).when("tell_resolved").refused("forbidden")


def test_what_repeats_nothing_is_told_nothing() -> None:
    given(incident(state="closed")).by(rule_caller("tell_duplicates")).when("tell_resolved").refused(
        "is_no_duplicate"
    )


def test_only_rules_pass_on_what_was_said() -> None:
    body = {"number": "INC-2026-000001", "text": "Any news?", "text_key": str(incident().id)}
    case = given(incident()).by(AGENT).naming(author=a_person())
    case.when("pass_on_comment", body).refused("forbidden")


# Together with what others do, on a database


async def reported(ledger: Ledger, caller: Caller) -> Incident:
    body = ReportIncident.model_validate(an_incident())
    record: Incident = (await act(ledger, caller, "incident", "report", body=body)).record
    return record


async def marked(ledger: Ledger, caller: Caller, duplicate: Incident, original: Incident) -> CommandResult:
    body = MarkDuplicateIncident(original=str(original.id))
    return await act(ledger, caller, "incident", "mark_duplicate", duplicate.id, body)


async def test_what_repeats_a_duplicate_repeats_its_original(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    original, duplicate, another = [await reported(ledger, agent) for _ in range(3)]
    await marked(ledger, agent, duplicate, original)
    done = await marked(ledger, agent, another, duplicate)
    assert done.record.duplicate_of_id == original.id
    assert done.event.data["given"] == {"original": str(duplicate.id)}


async def test_however_many_lie_between_nothing_repeats_itself(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    first, second, third = [await reported(ledger, agent) for _ in range(3)]
    await marked(ledger, agent, first, second)
    assert (await marked(ledger, agent, second, third)).record.duplicate_of_id == third.id
    with pytest.raises(WrongValue) as refused:
        await marked(ledger, agent, third, first)
    assert (refused.value.pointer, refused.value.because) == ("/original", "itself")


async def test_two_that_are_marked_as_each_others_duplicate_at_once_do_not_both_close(
    ledger: Ledger, other: Ledger
) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    for _ in range(5):
        first, another = await reported(ledger, agent), await reported(ledger, agent)
        outcomes = await asyncio.gather(
            marked(ledger, agent, first, another),
            marked(other, agent, another, first),
            return_exceptions=True,
        )
        assert {type(outcome) for outcome in outcomes} == {CommandResult, WrongValue}


async def test_an_original_that_is_cancelled_meanwhile_gets_no_duplicate(
    ledger: Ledger, other: Ledger
) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    for _ in range(5):
        duplicate, original = await reported(ledger, agent), await reported(ledger, agent)
        cancelled, repeated = await asyncio.gather(
            act(ledger, agent, "incident", "cancel", original.id, Reason(reason="No fault.")),
            marked(other, agent, duplicate, original),
            return_exceptions=True,
        )
        assert isinstance(cancelled, CommandResult)
        if isinstance(repeated, CommandResult):
            assert repeated.written.position < cancelled.written.position
        else:
            assert isinstance(repeated, WrongValue)


async def test_a_stranger_who_follows_the_original_learns_nothing_of_a_duplicate(api: Api) -> None:
    agent, stranger = await api.client("Agent", Role.agent), await api.client("Stranger")
    original, duplicate = [
        await agent.post_ok("/v1/incidents", an_incident(title=t)) for t in ("It is down", "Secret")
    ]
    record_path = f"/v1/incidents/{original['id']}"
    await agent.post_ok(f"{record_path}/follow", {"person": stranger.id})
    await agent.post_ok(f"/v1/incidents/{duplicate['id']}/mark_duplicate", {"original": original["id"]})
    await agent.post_ok(f"/v1/incidents/{duplicate['id']}/comment", {"text": "Any news?"})
    await Worker(api.ledger).work(datetime.now(UTC))
    assert (await stranger.read(f"{record_path}/comments"))["items"] == []
    assert [row["visibility"] for row in (await agent.read(f"{record_path}/comments"))["items"]] == [
        "internal"
    ]
    answers = [await stranger.get(path) for path in (record_path, f"{record_path}/events", "/v1/incidents")]
    assert not [answer for answer in answers if duplicate["id"] in answer.text or "Secret" in answer.text]
    for name in (duplicate["id"], duplicate["number"]):
        assert (await stranger.get(f"/v1/incidents/{name}")).status_code == 404
