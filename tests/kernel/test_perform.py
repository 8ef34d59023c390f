"""What happens when somebody acts: every refusal, how far one may date back, and what is decided again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.foundation.people import keys, persons, teams
from app.kernel.access.reads import ReadContext
from app.kernel.access.vault import master_key, open_vault
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Checks
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.kernel.actions.refusals import (
    ActionUnavailable,
    Forbidden,
    NotFound,
    PersonErased,
    Refusal,
    RetriesExhausted,
    VersionMismatch,
    WrongValue,
)
from app.kernel.commands import perform as performing
from app.kernel.commands.command import Command, CommandResult, IdempotencyKey
from app.kernel.commands.perform import ATTEMPTS, perform
from app.kernel.ledger import Ledger
from app.log import read
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import HoldIncident, ResolveIncident
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import a_report, report
from tests.log.commands import event_only
from tests.people import act, add_caller, add_person, add_staffed_team, add_team, context
from tests.waiting import Blocked, until

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def agent(ledger: Ledger) -> Caller:
    return await add_caller(ledger, "Agent", Role.agent)


@pytest.fixture
async def incident(ledger: Ledger, agent: Caller) -> Incident:
    return await report(ledger, agent)


async def refused(ledger: Ledger, *arguments: Any, **named: Any) -> Refusal:
    """The refusal, after which nothing is written."""
    before = await read.head(ledger.db)
    with pytest.raises(Refusal) as refusal:
        await act(ledger, *arguments, **named)
    assert await read.head(ledger.db) == before
    return refusal.value


async def test_what_was_done_is_in_the_row_in_the_event_and_in_the_answer(
    ledger: Ledger, agent: Caller
) -> None:
    done = await act(ledger, agent, "incident", "report", body=a_report(service="mail"), now=NOW)
    incident: Incident = done.record
    row = await ledger.db.row("select * from fold.incident")
    assert row is not None
    assert {
        name: row[name] for name in ("id", "version", "changed_at", "number", "state", "title", "service")
    } == {
        "id": incident.id,
        "version": 1,
        "changed_at": NOW,
        "number": incident.number,
        "state": "new",
        "title": "Mail does not arrive",
        "service": "mail",
    }
    (event,) = await read.stream_events(ledger.db, incident.row_key)
    assert event.position == done.written.position
    assert event.recorded_at == done.written.recorded_at
    assert (event.id, event.type, event.actor, event.source, event.correlation_id, event.occurred_at) == (
        done.event.id,
        "incident.reported",
        agent.actor,
        "api",
        "a-test",
        NOW,
    )
    assert event.on_behalf_of is None
    assert event.data == done.event.data


async def test_the_key_used_and_the_person_helped_stand_in_the_event(ledger: Ledger, agent: Caller) -> None:
    requester = await add_person(ledger, "Requester")
    body = a_report(requester=str(requester.id))
    with_key = replace(agent, key_id=uuid7())
    done = await act(ledger, with_key, "incident", "report", body=body)
    assert done.event.credential == f"key:{with_key.key_id}"
    assert done.event.on_behalf_of == f"person:{requester.id}"
    assert done.event.data["given"]["requester"] == str(requester.id)
    own = await act(ledger, agent, "incident", "report", body=a_report(requester="me"))
    assert own.event.on_behalf_of is None
    assert own.record.requester_id == agent.person_id


async def test_what_is_not_there_is_not_found(ledger: Ledger, agent: Caller) -> None:
    for name in (str(uuid7()), "INC-2026-999999", "nothing", "\x00"):
        assert isinstance(await refused(ledger, agent, "incident", "acknowledge", name), NotFound)


async def test_what_one_may_not_see_is_not_found_either(ledger: Ledger, incident: Incident) -> None:
    stranger = await add_caller(ledger, "Stranger")
    assert isinstance(await refused(ledger, stranger, "incident", "comment", incident.id), NotFound)


async def test_what_one_sees_and_may_not_do_is_forbidden_and_says_who_may(ledger: Ledger) -> None:
    requester = await add_caller(ledger, "Requester")
    incident = await report(ledger, requester)
    refusal = await refused(ledger, requester, "incident", "acknowledge", incident.id)
    assert isinstance(refusal, Forbidden)
    assert (
        refusal.sentence("en") == "You are not allowed to do this. Allowed: Engineer or Service desk agent."
    )


async def test_what_is_not_open_now_says_the_state_and_what_is(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    await act(ledger, agent, "incident", "acknowledge", incident.id)
    refusal = await refused(ledger, agent, "incident", "acknowledge", incident.number)
    assert isinstance(refusal, ActionUnavailable)
    assert refusal.code == "not_in_this_state"
    assert refusal.more["state"] == "acknowledged"
    assert {"cancel", "assign"} <= set(refusal.more["allowed_actions"])
    assert {"acknowledge", "start"}.isdisjoint(refusal.more["allowed_actions"])


async def test_a_check_refuses_by_its_own_sentence(ledger: Ledger, agent: Caller, incident: Incident) -> None:
    await act(ledger, agent, "incident", "assign", incident.id, AssignTicket(person="me"))
    body = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Nothing yet."})
    refusal = await refused(ledger, agent, "incident", "resolve", incident.id, body)
    assert isinstance(refusal, ActionUnavailable)
    assert refusal.code == "nobody_has_seen_it"
    assert refusal.more["state"] == "new"
    allowed = set(refusal.more["allowed_actions"])
    assert {"acknowledge", "start", "hold", "assign"} <= allowed
    assert "resolve" not in allowed, "which has just been refused"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (AssignTicket(team="there is none"), "/team"),
        (AssignTicket(team="mail", person=str(uuid7())), "/person"),
        (AssignTicket(person="Agent"), "/person"),
    ],
)
async def test_a_reference_to_nothing_is_a_wrong_value(
    ledger: Ledger, agent: Caller, incident: Incident, body: Payload, pointer: str
) -> None:
    await add_staffed_team(ledger, "mail")
    refusal = await refused(ledger, agent, "incident", "assign", incident.id, body)
    assert isinstance(refusal, WrongValue)
    assert (refusal.pointer, refusal.because) == (pointer, "unknown_reference")


async def test_a_reference_in_a_list_is_named_by_its_place(ledger: Ledger) -> None:
    await add_team(ledger, "mail")
    body = persons.AddPerson(name="Wang Wei", teams=("mail", "there is none"))
    refusal = await refused(ledger, rule_caller("tests"), "person", "add", body=body)
    assert isinstance(refusal, WrongValue)
    assert (refusal.pointer, refusal.because) == ("/teams/1", "unknown_reference")


async def test_a_person_whom_one_may_not_see_cannot_be_referred_to(ledger: Ledger) -> None:
    requester, stranger = await add_caller(ledger, "Requester"), await add_person(ledger, "Somebody")
    body = a_report(requester=str(stranger.id))
    refusal = await refused(ledger, requester, "incident", "report", body=body)
    assert isinstance(refusal, WrongValue)
    assert refusal.because == "unknown_reference"


async def test_a_unique_name_that_is_taken_is_a_wrong_value(ledger: Ledger) -> None:
    await add_team(ledger, "mail")
    refusal = await refused(
        ledger, rule_caller("tests"), "team", "add", body=teams.AddTeam(key="mail", name="Another")
    )
    assert isinstance(refusal, WrongValue)
    assert (refusal.pointer, refusal.because) == ("/key", "taken")


async def test_of_two_who_take_a_unique_name_at_once_one_is_told_that_it_is_taken(
    ledger: Ledger, other: Ledger
) -> None:
    body = teams.AddTeam(key="mail", name="Mail")
    outcomes = await asyncio.gather(
        *(
            act(process, rule_caller("tests"), "team", "add", body=body)
            for process in (ledger, other, ledger, other)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CommandResult"] + ["WrongValue"] * 3


REACH = [
    ((), timedelta(0)),
    ((Role.requester,), timedelta(0)),
    ((Role.knowledge_editor,), timedelta(0)),
    ((Role.agent,), timedelta(days=7)),
    ((Role.engineer,), timedelta(days=7)),
    ((Role.admin,), timedelta(days=90)),
    ((Role.incident_manager,), timedelta(days=90)),
    ((Role.quality_manager,), timedelta(days=90)),
    ((Role.requester, Role.agent, Role.change_manager), timedelta(days=90)),
]
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
SKEW = timedelta(seconds=60)


@each_case(("roles", "reach"), REACH)
async def test_how_far_back_a_role_may_date(
    ledger: Ledger, roles: tuple[Role, ...], reach: timedelta
) -> None:
    caller = await add_caller(ledger, "Somebody", *roles)
    farthest = max(reach, SKEW)
    for back in (timedelta(0), SECOND, farthest - SECOND, farthest):
        done = await act(ledger, caller, "incident", "report", body=a_report(occurred_at=NOW - back), now=NOW)
        assert done.event.occurred_at == done.record.opened_at == NOW - back
    for back in (farthest + SECOND, reach + HOUR, timedelta(days=3650)):
        body = a_report(occurred_at=NOW - back)
        refusal = await refused(ledger, caller, "incident", "report", body=body, now=NOW)
        assert isinstance(refusal, WrongValue)
        assert (refusal.pointer, refusal.because) == ("/occurred_at", "too_far_back")
        assert str(reach.days) in refusal.sentence("en")


async def test_an_integration_dates_back_as_far_as_it_likes(ledger: Ledger) -> None:
    tool = await add_caller(ledger, "Zabbix", Role.integration, Role.requester)
    long_ago = datetime(1900, 1, 1, tzinfo=UTC)
    done = await act(ledger, tool, "incident", "report", body=a_report(occurred_at=long_ago))
    assert done.record.opened_at == long_ago


@each_case("roles", [(), (Role.agent,), (Role.admin,), (Role.integration,)])
async def test_nobody_dates_further_ahead_than_clocks_differ(ledger: Ledger, roles: tuple[Role, ...]) -> None:
    caller = await add_caller(ledger, "Somebody", *roles)
    done = await act(ledger, caller, "incident", "report", body=a_report(occurred_at=NOW + SKEW), now=NOW)
    assert done.event.occurred_at == NOW + SKEW
    body = a_report(occurred_at=NOW + SKEW + timedelta(microseconds=1))
    refusal = await refused(ledger, caller, "incident", "report", body=body, now=NOW)
    assert isinstance(refusal, WrongValue)
    assert refusal.because == "in_the_future"


async def test_a_state_is_not_left_before_it_began(ledger: Ledger, agent: Caller) -> None:
    opened = NOW - timedelta(days=2)
    incident = await report(ledger, agent, occurred_at=opened)
    early = EmptyPayload(occurred_at=opened - SECOND)
    refusal = await refused(ledger, agent, "incident", "acknowledge", incident.id, early, now=NOW)
    assert isinstance(refusal, WrongValue)
    assert (refusal.pointer, refusal.because) == ("/occurred_at", "before_this_state")
    done = await act(
        ledger, agent, "incident", "acknowledge", incident.id, EmptyPayload(occurred_at=opened), now=NOW
    )
    assert done.record.acknowledged_at == done.record.state_since == opened


async def test_a_state_may_be_left_before_something_else_was_set_in_it(ledger: Ledger, agent: Caller) -> None:
    opened = NOW - timedelta(days=2)
    incident = await report(ledger, agent, occurred_at=opened)
    await act(ledger, agent, "incident", "assign", incident.id, AssignTicket(person="me"), now=NOW)
    between = EmptyPayload(occurred_at=NOW - timedelta(days=1))
    done = await act(ledger, agent, "incident", "acknowledge", incident.id, between, now=NOW)
    assert done.record.acknowledged_at == NOW - timedelta(days=1)
    assert done.record.changed_at == NOW, "the latest of what was set"


async def test_nothing_is_set_as_of_a_time_at_which_something_later_was_set(
    ledger: Ledger, agent: Caller
) -> None:
    incident = await report(ledger, agent, occurred_at=NOW - timedelta(days=2))
    await act(ledger, agent, "incident", "assign", incident.id, AssignTicket(person="me"), now=NOW)
    body = AssignTicket(person="me", occurred_at=NOW - SECOND)
    refusal = await refused(ledger, agent, "incident", "assign", incident.id, body, now=NOW)
    assert isinstance(refusal, WrongValue)
    assert refusal.because == "before_the_last_change"
    assert "the time of the last change" in refusal.sentence("en")
    # A comment sets nothing, so it may tell of what was before.
    comment = CommentTicket(text="They rang.", occurred_at=NOW - SECOND)
    done = await act(ledger, agent, "incident", "comment", incident.id, comment, now=NOW)
    assert done.event.occurred_at == NOW - SECOND


async def test_a_clock_that_lags_behind_does_not_turn_time_back(ledger: Ledger, agent: Caller) -> None:
    incident = (await act(ledger, agent, "incident", "report", body=a_report(), now=NOW)).record
    done = await act(ledger, agent, "incident", "acknowledge", incident.id, now=NOW - timedelta(seconds=30))
    assert done.event.occurred_at == NOW


async def test_a_write_against_another_version_is_refused_with_the_present_one(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    await act(ledger, agent, "incident", "assign", incident.id, AssignTicket(person="me"), if_match=1)
    for wrong in (1, 3, 0, -1):
        refusal = await refused(ledger, agent, "incident", "acknowledge", incident.id, if_match=wrong)
        assert isinstance(refusal, VersionMismatch)
        assert refusal.more == {"version": 2}
    assert (await act(ledger, agent, "incident", "acknowledge", incident.id, if_match=2)).record.version == 3


async def test_a_comment_does_not_make_an_open_form_stale(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    await act(ledger, agent, "incident", "comment", incident.id, CommentTicket(text="x"))
    done = await act(ledger, agent, "incident", "acknowledge", incident.id, if_match=1)
    assert (done.record.version, done.event.version) == (3, 3)


async def at_once(place: DatabaseUrls, ledger: Ledger, *commands: Any) -> list[Any]:
    """All decide on the same state: the log takes none of them before the last one waits for it."""
    async with Blocked(place.owner_url) as blocked:
        first = asyncio.ensure_future(commands[0])
        await blocked.waiting()
        rest = [asyncio.ensure_future(command) for command in commands[1:]]
        await until(lambda: _waiting(ledger, len(rest)))
    return await asyncio.gather(first, *rest, return_exceptions=True)


async def _waiting(ledger: Ledger, count: int) -> bool:
    return len(ledger.writer._waiting) >= count


async def test_what_was_decided_on_a_state_that_has_moved_is_decided_again(
    ledger: Ledger, place: DatabaseUrls, agent: Caller, incident: Incident
) -> None:
    done = await at_once(
        place,
        ledger,
        act(ledger, agent, "incident", "comment", incident.id, CommentTicket(text="first")),
        act(ledger, agent, "incident", "acknowledge", incident.id),
    )
    assert [(result.event.type, result.event.version) for result in done] == [
        ("incident.commented", 2),
        ("incident.acknowledged", 3),
    ]


async def test_what_is_decided_again_can_come_out_otherwise(
    ledger: Ledger, place: DatabaseUrls, agent: Caller, incident: Incident
) -> None:
    first, second = await at_once(
        place,
        ledger,
        act(ledger, agent, "incident", "cancel", incident.id, Reason(reason="No fault.")),
        act(ledger, agent, "incident", "acknowledge", incident.id),
    )
    assert isinstance(first, CommandResult)
    assert isinstance(second, ActionUnavailable)
    assert second.more["state"] == "cancelled"


async def test_what_named_a_version_is_refused_when_it_is_decided_again(
    ledger: Ledger, place: DatabaseUrls, agent: Caller, incident: Incident
) -> None:
    assign = AssignTicket(person="me")
    first, second = await at_once(
        place,
        ledger,
        act(ledger, agent, "incident", "assign", incident.id, assign, if_match=1),
        act(ledger, agent, "incident", "acknowledge", incident.id, if_match=1),
    )
    assert isinstance(first, CommandResult)
    assert isinstance(second, VersionMismatch)


async def test_what_depends_on_another_record_is_decided_again_when_that_one_moves(
    ledger: Ledger, place: DatabaseUrls, agent: Caller, incident: Incident
) -> None:
    person = await add_person(ledger, "Wang Wei", roles=("agent",))
    first, second = await at_once(
        place,
        ledger,
        act(ledger, rule_caller("tests"), "person", "erase", person.id),
        act(ledger, agent, "incident", "assign", incident.id, AssignTicket(person=str(person.id))),
    )
    assert isinstance(first, CommandResult)
    assert isinstance(second, WrongValue)
    assert second.because == "person_erased"


async def test_many_who_comment_on_one_incident_at_once_are_all_heard(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    done = await asyncio.gather(
        *(
            act(ledger, agent, "incident", "comment", incident.id, CommentTicket(text=f"{n}"))
            for n in range(40)
        )
    )
    assert sorted(result.event.version for result in done) == list(range(2, 42))


def moving(count: int) -> tuple[Any, list[int]]:
    """The row *acknowledge*, with a check while which somebody else writes to the incident's stream."""
    times: list[int] = []

    async def somebody_else_writes(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
        del ctx
        times.append(reads.versions[incident.row_key])
        if len(times) <= count:
            await MOVERS[reads._db.url].writer.write(
                event_only(incident.row_key, reads.versions[incident.row_key])
            )
        return None

    return replace(LIFECYCLE["acknowledge"], checks=Checks(unless=(somebody_else_writes,))), times


MOVERS: dict[str, Ledger] = {}


@pytest.mark.parametrize("moves", [0, 1, ATTEMPTS - 1])
async def test_it_is_decided_again_as_often_as_there_is_hope(
    ledger: Ledger, other: Ledger, agent: Caller, incident: Incident, moves: int
) -> None:
    MOVERS[ledger.db.url] = other
    row, times = moving(moves)
    done = await perform(ledger, Command(LIFECYCLE, row, str(incident.id), EmptyPayload(), context(agent)))
    assert done.event.version == moves + 2
    assert times == list(range(1, moves + 2))


async def test_a_refusal_that_was_decided_while_somebody_else_wrote_is_decided_again(
    ledger: Ledger, other: Ledger, agent: Caller, incident: Incident
) -> None:
    MOVERS[ledger.db.url] = other
    row, times = moving(1)

    async def refuses_what_is_half_read(
        reads: ReadContext, incident: Incident, ctx: ActionContext
    ) -> str | None:
        del reads, incident, ctx
        return "not_in_this_state" if len(times) == 1 else None

    row = replace(row, checks=Checks(unless=(*row.checks.unless, refuses_what_is_half_read)))
    done = await perform(ledger, Command(LIFECYCLE, row, str(incident.id), EmptyPayload(), context(agent)))
    assert done.event.version == 3


async def test_when_others_keep_changing_it_that_is_said(
    ledger: Ledger, other: Ledger, agent: Caller, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(performing, "RETRY_SECONDS", 0.0)
    MOVERS[ledger.db.url] = other
    row, times = moving(ATTEMPTS)
    with pytest.raises(RetriesExhausted):
        await perform(ledger, Command(LIFECYCLE, row, str(incident.id), EmptyPayload(), context(agent)))
    assert len(times) == ATTEMPTS
    assert await ledger.db.value("select state from fold.incident") == "new"


async def test_nobody_can_write_for_whom_there_is_no_key_any_more(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    await act(ledger, rule_caller("tests"), "person", "erase", agent.person_id)
    comment = CommentTicket(text="x")
    assert isinstance(await refused(ledger, agent, "incident", "comment", incident.id, comment), PersonErased)
    # What needs no words is still theirs to do: erasing is not dismissal.
    await act(ledger, agent, "incident", "acknowledge", incident.id)


async def test_words_for_an_erased_person_are_refused_too(ledger: Ledger, agent: Caller) -> None:
    requester = await add_person(ledger, "Requester")
    await act(ledger, rule_caller("tests"), "person", "erase", requester.id)
    body = a_report(requester=str(requester.id))
    refusal: Any = await refused(ledger, agent, "incident", "report", body=body)
    assert (refusal.pointer, refusal.because) == ("/requester", "person_erased")


async def test_who_is_erased_while_their_words_wait_leaves_none(
    ledger: Ledger, other: Ledger, place: DatabaseUrls, agent: Caller, incident: Incident
) -> None:
    # The other process has not heard of it when it decides, and its command comes after the erasure.
    async with Blocked(place.owner_url) as blocked:
        erasing = asyncio.ensure_future(act(ledger, rule_caller("tests"), "person", "erase", agent.person_id))
        await blocked.waiting()
        comment = CommentTicket(text="too late")
        saying = asyncio.ensure_future(act(other, agent, "incident", "comment", incident.id, comment))
        await blocked.waiting(2)
    await erasing
    with pytest.raises(PersonErased):
        await saying
    assert await ledger.db.value("select count(*) from fold.comment") == 0
    assert await ledger.db.value("select count(*) from vault.personal_key") == 0


async def test_who_was_erased_is_noticed_even_where_no_news_of_it_came(
    ledger: Ledger, tmp_path: Path, agent: Caller, incident: Incident
) -> None:
    vault = await open_vault(ledger.db, master_key(tmp_path / "secrets"))
    quiet = Ledger(ledger.db, ledger.writer, vault, ledger.lifecycles, ledger.settings)
    assert agent.person_id is not None
    assert await vault.author(agent.person_id) is not None
    await act(ledger, rule_caller("tests"), "person", "erase", agent.person_id)
    comment = CommentTicket(text="too late")
    assert isinstance(await refused(quiet, agent, "incident", "comment", incident.id, comment), PersonErased)


async def test_who_is_named_anew_after_they_were_erased_has_no_words_under_the_key_of_before(
    ledger: Ledger, tmp_path: Path, agent: Caller
) -> None:
    """The body names the person, so what is read of them is newer than the key that is cached."""
    vault = await open_vault(ledger.db, master_key(tmp_path / "secrets"))
    quiet = Ledger(ledger.db, ledger.writer, vault, ledger.lifecycles, ledger.settings)
    requester = await add_person(ledger, "Requester")
    assert await vault.author(requester.id) is not None
    await act(ledger, rule_caller("tests"), "person", "erase", requester.id)
    body = a_report(requester=str(requester.id))
    refusal: Any = await refused(quiet, agent, "incident", "report", body=body)
    assert (refusal.pointer, refusal.because) == ("/requester", "person_erased")


def a_key(route: str = "report_incident", key: str = "k", fingerprint: str = "00ff") -> IdempotencyKey:
    return IdempotencyKey(route, key, fingerprint)


async def test_a_repeated_key_does_nothing_and_says_what_was_done(ledger: Ledger, agent: Caller) -> None:
    done = await act(ledger, agent, "incident", "report", body=a_report(), key=a_key())
    with pytest.raises(DuplicateCommand) as repeated:
        await act(ledger, agent, "incident", "report", body=a_report(), key=a_key())
    earlier = repeated.value.earlier
    assert (earlier.stream, earlier.version, earlier.status, earlier.fingerprint) == (
        done.record.row_key,
        1,
        201,
        "00ff",
    )
    assert await ledger.db.value("select count(*) from fold.incident") == 1
    another = await add_caller(ledger, "Another", Role.agent)
    await act(ledger, another, "incident", "report", body=a_report(), key=a_key())
    await act(ledger, agent, "incident", "report", body=a_report(), key=a_key(key="another"))
    assert await ledger.db.value("select count(*) from fold.incident") == 3


async def test_a_refused_command_does_not_use_up_its_key(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    await refused(ledger, agent, "incident", "close", incident.id, key=a_key("close_incident"))
    await act(ledger, agent, "incident", "acknowledge", incident.id, key=a_key("close_incident"))


async def test_what_the_row_says_of_its_reach_decides_who_sees_it_afterwards(
    ledger: Ledger, agent: Caller, incident: Incident
) -> None:
    team = await add_team(ledger, "mail")
    engineer = await add_caller(ledger, "Engineer", Role.engineer, teams=("mail",))
    assert isinstance(await refused(ledger, engineer, "incident", "comment", incident.id), NotFound)
    await act(ledger, agent, "incident", "assign", incident.id, AssignTicket(team="mail"))
    assert await audience(ledger, incident) == {f"team:{team.id}", f"person:{agent.person_id}"}
    hold = HoldIncident.model_validate({"reason": "other"})
    done = await act(ledger, engineer, "incident", "hold", incident.id, hold)
    assert done.record.state is IncidentState.on_hold


async def audience(ledger: Ledger, incident: Incident) -> set[str]:
    value = await ledger.db.value(
        "select audience from log.stream_head where stream = %s", (incident.row_key,)
    )
    return set(value)


async def test_a_key_is_made_and_revoked_by_those_who_may(ledger: Ledger, agent: Caller) -> None:
    body = keys.MakeKey(name="a key", person="me", roles=("requester",), secret_hash="0" * 64)
    assert isinstance(await refused(ledger, agent, "key", "make", body=body), keys.OnlyCalendarKey)
    administrator = replace(agent, roles=(RoleGrant(Role.admin),))
    key_id: UUID = (await act(ledger, administrator, "key", "make", body=body)).record.id
    done = await act(ledger, administrator, "key", "revoke", key_id)
    assert done.record.revoked_at == done.event.occurred_at
    refusal = await refused(ledger, administrator, "key", "revoke", key_id)
    assert isinstance(refusal, ActionUnavailable)
