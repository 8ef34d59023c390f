"""Access lists that an earlier version wrote are rewritten, beside commands that write their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.common.people import Caller, Role
from app.kernel.access.audiences import RewriteProgress, check_batch, rewrite_kind
from app.kernel.ledger import Ledger
from app.log.heads import rewrite_audiences
from app.platform.db import Connection, connect
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from app.processes.incidents.records import Incident
from app.ticketing.followers import FollowTicket
from app.ticketing.work.assignment import AssignTicket
from tests.conftest import DatabaseUrls
from tests.heads import differing_heads
from tests.kernel.incidents import report
from tests.people import act, add_caller, add_staffed_team


@pytest.fixture
async def hands(place: DatabaseUrls) -> AsyncIterator[Connection]:
    """The owner, who alone may write heads."""
    connection = await connect(place.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def manager(ledger: Ledger) -> Caller:
    """Somebody who sees every incident, whatever its list says, and may assign it."""
    return await add_caller(ledger, "Lin", Role.incident_manager, Role.agent)


async def head_of(ledger: Ledger, incident: Incident) -> frozenset[str]:
    """The access list of the incident."""
    query = "select audience from log.stream_head where stream = %s"
    return frozenset(await ledger.db.value(query, (f"incident/{incident.id}",)))


async def age(hands: Connection, incident: Incident) -> None:
    """The incident has the list of an earlier version, which named nobody."""
    stream = f"incident/{incident.id}"
    await hands.execute("update log.stream_head set audience = '{nobody}' where stream = %s", (stream,))


def silent(progress: RewriteProgress) -> None:
    """Nobody is told."""


async def test_an_old_list_is_mended_with_the_followers_and_the_others_stay(
    ledger: Ledger, hands: Connection, manager: Caller
) -> None:
    reporter, fan = await add_caller(ledger, "Zhao Min"), await add_caller(ledger, "Rosa")
    old, other = await report(ledger, reporter), await report(ledger, reporter)
    await act(ledger, manager, "incident", "follow", old.id, FollowTicket(person=str(fan.person_id)))
    before = await head_of(ledger, old)
    assert f"follower:{fan.person_id}" in before
    await age(hands, old)
    (head,) = await differing_heads(hands)
    assert head.stream == f"incident/{old.id}"
    done = await rewrite_kind(hands, INCIDENTS, silent)
    assert (done.records, done.looked_at, done.rewritten) == (2, 2, 1)
    assert (await head_of(ledger, old), await head_of(ledger, other)) == (
        before,
        frozenset({f"person:{reporter.person_id}", "desk"}),
    )
    assert (await rewrite_kind(hands, INCIDENTS, silent)).rewritten == 0


async def test_a_head_that_a_command_has_written_meanwhile_keeps_the_list_of_the_command(
    ledger: Ledger, hands: Connection, manager: Caller
) -> None:
    incident = await report(ledger, await add_caller(ledger, "Zhao Min"))
    team = await add_staffed_team(ledger, "network")
    await age(hands, incident)
    computed = (await check_batch(hands, INCIDENTS)).differing
    await act(ledger, manager, "incident", "assign", incident.id, AssignTicket(team=str(team.id)))
    assert await rewrite_audiences(hands, computed) == 0
    assert f"team:{team.id}" in await head_of(ledger, incident)
    assert await differing_heads(hands) == []


async def test_lists_are_right_in_the_end_though_commands_write_them_all_the_while(
    ledger: Ledger, hands: Connection, manager: Caller
) -> None:
    reporter, fan = await add_caller(ledger, "Zhao Min"), await add_caller(ledger, "Rosa")
    teams = [str((await add_staffed_team(ledger, key)).id) for key in ("network", "mail", "print")]
    incidents = [await report(ledger, reporter) for _ in range(6)]
    for incident in incidents:
        await act(ledger, manager, "incident", "follow", incident.id, FollowTicket(person=str(fan.person_id)))
        await age(hands, incident)

    async def pass_on(incident: Incident) -> None:
        for team in teams:
            await act(ledger, manager, "incident", "assign", incident.id, AssignTicket(team=team))

    writing = asyncio.gather(*(pass_on(incident) for incident in incidents))
    while not writing.done():
        await rewrite_kind(hands, INCIDENTS, silent, 2)
    await writing
    await rewrite_kind(hands, INCIDENTS, silent, 2)
    assert await differing_heads(hands) == []
    for incident in incidents:
        lists = await head_of(ledger, incident)
        assert {f"team:{teams[-1]}", f"follower:{fan.person_id}"} <= lists


async def test_whoever_is_killed_between_two_batches_starts_again_and_finishes(
    ledger: Ledger, hands: Connection
) -> None:
    reporter = await add_caller(ledger, "Zhao Min")
    for _ in range(5):
        await age(hands, await report(ledger, reporter))
    assert len(await differing_heads(hands)) == 5

    def die(progress: RewriteProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rewrite_kind(hands, INCIDENTS, die, 2)
    assert len(await differing_heads(hands)) == 3
    reports: list[Any] = []
    done = await rewrite_kind(hands, INCIDENTS, lambda now: reports.append((now.looked_at, now.rewritten)), 2)
    assert (done.rewritten, reports) == (3, [(2, 0), (4, 2), (5, 3)])
    assert await differing_heads(hands) == []


async def test_the_service_itself_writes_no_heads(
    ledger: Ledger, place: DatabaseUrls, hands: Connection
) -> None:
    if place.one_role:
        pytest.skip("needs a server where owner and service are two roles")
    await age(hands, await report(ledger, await add_caller(ledger, "Zhao Min")))
    service = await connect(place.url)
    try:
        with pytest.raises(Exception, match="permission denied"):
            await rewrite_kind(service, INCIDENTS, silent)
    finally:
        await service.close()
