"""Invariant 6: a write against a stale version is refused, however many are made at once, wherever from."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Caller, Role
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import VersionMismatch
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import ConcurrencyConflict
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.extent import examples
from tests.kernel.incidents import report
from tests.log.commands import a_team
from tests.people import act, add_caller
from tests.random_histories import RandomWorld

AT_ONCE = 100


async def reported(world: RandomWorld) -> Incident:
    return await report(world.ledger, world.callers["requester"])


async def all_seeing(world: RandomWorld) -> Caller:
    """An agent who still sees an incident when it was given to others."""
    return await add_caller(world.ledger, "All-seeing", Role.agent, Role.incident_manager)


async def test_of_a_hundred_commands_with_one_if_match_one_wins(world: RandomWorld, other: Ledger) -> None:
    """Through two processes; each would set something else."""
    incident = await reported(world)
    agent, teams = await all_seeing(world), ["mail", "net", "desk", "sales"]
    outcomes = await asyncio.gather(
        *(
            act(
                (world.ledger, other)[n % 2],
                agent,
                "incident",
                "assign",
                incident.id,
                AssignTicket(team=teams[n % 4]),
                if_match=incident.version,
            )
            for n in range(AT_ONCE)
        ),
        return_exceptions=True,
    )
    assert Counter(type(outcome) for outcome in outcomes) == {CommandResult: 1, VersionMismatch: AT_ONCE - 1}
    (done,) = (outcome for outcome in outcomes if isinstance(outcome, CommandResult))
    row = await world.ledger.db.row(
        "select version, team_id from fold.incident where id = %s", (incident.id,)
    )
    assert row == {"version": 2, "team_id": done.record.team_id}
    assert {outcome.more["version"] for outcome in outcomes if isinstance(outcome, VersionMismatch)} == {2}


async def test_of_a_hundred_commands_that_read_one_version_the_log_takes_one(
    ledger: Ledger, other: Ledger
) -> None:
    team = uuid7()
    await ledger.writer.write(a_team("before", team_id=team))
    outcomes = await asyncio.gather(
        *(
            (ledger, other)[n % 2].writer.write(a_team(f"{n}", team_id=team, expected=1))
            for n in range(AT_ONCE)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ConcurrencyConflict) for outcome in outcomes) == AT_ONCE - 1
    assert [event.version for event in await read.stream_events(ledger.db, stream("team", team))] == [1, 2]


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rounds=st.lists(
        st.lists(
            st.tuples(st.sampled_from(["mail", "net", "sales"]), st.integers(0, 3), st.booleans()), max_size=8
        ),
        max_size=5,
    )
)
async def test_whoever_wrote_had_seen_what_was_there(
    world: RandomWorld, other: Ledger, rounds: list[list[tuple[str, int, bool]]]
) -> None:
    """Everybody names the version they have seen, some an old one; the newest is what its writer had seen."""
    incident = await reported(world)
    agent = await all_seeing(world)
    versions = [incident.version]
    wrote: list[tuple[int, int]] = []
    for together in rounds:
        commands = [
            (versions[-1 - back % len(versions)], (world.ledger, other)[elsewhere], team)
            for team, back, elsewhere in together
        ]
        outcomes = await asyncio.gather(
            *(
                act(
                    ledger,
                    agent,
                    "incident",
                    "assign",
                    incident.id,
                    AssignTicket(team=team),
                    if_match=version,
                )
                for version, ledger, team in commands
            ),
            return_exceptions=True,
        )
        for (version, _, _), outcome in zip(commands, outcomes, strict=True):
            assert isinstance(outcome, CommandResult | VersionMismatch)
            if isinstance(outcome, CommandResult):
                wrote.append((version, outcome.event.version))
                versions.append(outcome.record.version)
    for based_on, written in wrote:
        between = [version for _, version in wrote if based_on < version < written and version in versions]
        assert between == [], "somebody's change was written over unseen"


async def test_without_a_version_everybody_is_heard_and_nothing_is_lost(
    world: RandomWorld, other: Ledger
) -> None:
    """No If-Match: each decides on what is there when it is written, so all of them follow one another."""
    incident = await reported(world)
    agent = await all_seeing(world)
    body = EmptyPayload()
    outcomes = await asyncio.gather(
        *(
            act((world.ledger, other)[n % 2], agent, "incident", "acknowledge", incident.id, body)
            for n in range(20)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, CommandResult) for outcome in outcomes) == 1
    assert [event.version for event in await read.stream_events(world.ledger.db, incident.row_key)] == [1, 2]
