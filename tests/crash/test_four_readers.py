"""A feed reader, a listener, a subscriber and the relay get the same events, once and in the log's order,
while several write and all that serves them is killed; an agent and a requester get what they may see.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from bench.nats_server import NatsServer, nats_server, nats_server_program
from bench.site import Site, made_token
from tests.client import Json, an_incident
from tests.crash.chances import new_chance
from tests.crash.followers import Account, Followers, Writers
from tests.extent import in_test_all
from tests.forked import Sites
from tests.relay.conftest import STREAM, last_sequence, published
from tests.subscriptions.receivers import TAKEN, Received, Receiver, receiving
from tests.waiting import until

pytestmark = in_test_all

#: How often something is killed or cut: each of all kinds once, or so often as the variable says.
KILLS = int(os.environ.get("LEDGERDESK_TEST_READERS", "0"))
WRITERS, BETWEEN = 4, 15
Fault = Callable[[], Awaitable[None]]
#: Whether sight shows an event of the log, which has the audience of its record.
Sees = Callable[[Json], bool]
#: A word of no language, which is in each personal text.
CANARY = "zqfourreadersq"
EVENTS = """
select e.position, e.id::text, e.stream, e.staff_only, e.type,
  case when h.about is null then h.audience else o.audience end as audience
from log.event e join log.stream_head h on h.stream = e.stream
left join log.stream_head o on o.stream = h.about
where e.position > %s order by e.position"""
LAST_COMMENT = """
select id::text, position from log.event where stream = %s and type = 'incident.commented'
order by position desc limit 1"""
BEHIND = """
select 1 from deliveries.subscription_progress where position < %s
union all select 1 from deliveries.subscription_waiting"""
ATTEMPTS = "select a::text from deliveries.attempt a"


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer | None]:
    """A NATS server of the test's own, if there is one here."""
    program = nats_server_program()
    if program is None:
        yield None
        return
    with nats_server(program, tmp_path) as server:
        yield server


@dataclass
class Installation:
    """An installation with API, worker and relay, and those who use it."""

    site: Site
    nats: NatsServer | None
    admin: Account
    receiver: Receiver

    @classmethod
    async def start(cls, site: Site, nats: NatsServer | None, receiver: Receiver) -> Installation:
        """Start everything."""
        site.settings |= {"OUTWARD_NETWORKS": "127.0.0.0/8", "OUTWARD_HTTP": "true"}
        if nats is not None:
            site.settings["RELAY_URL"] = f"nats://{nats.address}"
        token = made_token(site)
        await site.serve()
        site.work()
        if nats is not None:
            site.relay()
        return cls(site, nats, Account(site, token), receiver)

    async def account(self, name: str, role: str, *teams: str) -> Account:
        """A new person with that role, whose name has the canary in it."""
        person = await self.admin.post(
            "/v1/persons", {"name": f"{name} {CANARY}", "roles": [role], "teams": teams}
        )
        key = await self.admin.post("/v1/keys", {"name": name, "person": person["id"]})
        return Account(self.site, key["token"], person["id"])

    def rows(self, query: str, *values: object) -> list[Json]:
        """What the database answers."""
        with psycopg.connect(self.site.url, row_factory=dict_row) as line:
            return line.execute(query.encode(), values or None).fetchall()

    @property
    def head(self) -> int:
        return int(self.rows("select position from log.head")[0]["position"])

    async def kill_api(self) -> None:
        self.site.kill("api")
        await self.site.serve()

    async def kill_worker(self) -> None:
        self.site.kill("worker")
        self.site.work()

    async def kill_relay(self) -> None:
        self.site.kill("relay")
        self.site.relay()

    async def kill_broker(self) -> None:
        assert self.nats is not None
        self.nats.kill()
        await asyncio.to_thread(self.nats.start)

    async def cut_connections(self) -> None:
        self.site.cut_connections()

    async def kill_postgresql(self) -> None:
        self.site.kill_postgresql()
        await asyncio.to_thread(self.site.revive_postgresql)

    @property
    def faults(self) -> list[Fault]:
        """Everything that can be broken here."""
        faults: list[Fault] = [self.kill_worker, self.kill_api, self.cut_connections]
        if self.nats is not None:
            faults += [self.kill_relay, self.kill_broker]
        return [*faults, self.kill_postgresql] if KILLS else faults


@contextlib.asynccontextmanager
async def running(followers: Sequence[Followers], begin: int) -> AsyncIterator[None]:
    """All follow from that position on, until the block ends and they have what it has marked."""
    async with asyncio.TaskGroup() as group:
        for each in followers:
            each.begin = begin
            group.create_task(each.read_feed())
            group.create_task(each.listen())
        yield


async def write_and_break(installation: Installation, writers: Writers) -> None:
    """Writes, and kills and cuts one after another meanwhile, each in the midst of the writing."""
    faults = installation.faults
    chosen = [writers.chance.choice(faults) for _ in range(KILLS)] or faults
    async with asyncio.TaskGroup() as writing:
        for number in range(WRITERS):
            writing.create_task(writers.write(number))
        for fault in chosen:
            await writers.have_written(writers.chance.randint(1, BETWEEN))
            await fault()
        await writers.have_written(BETWEEN)
        writers.end()


async def all_is_sent(installation: Installation) -> int:
    """Waits until all subscriptions and the relay say that they have done everything; the log's end then."""

    async def is_sent() -> bool:
        return not installation.rows(BEHIND, installation.head)

    await until(is_sent)
    head = installation.head
    nats = installation.nats

    async def is_published() -> bool:
        return nats is None or await last_sequence(nats) >= head

    await until(is_published)
    return head


def first_of_each(events: Sequence[Json]) -> list[Json]:
    """The events without those that were sent once more."""
    return list({event["id"]: event for event in reversed(events)}.values())[::-1]


def by_stream(events: Sequence[Json]) -> dict[str, list[int]]:
    """The positions of each stream's events, in their order."""
    positions: dict[str, list[int]] = {}
    for event in events:
        positions.setdefault(event["stream"], []).append(event["position"])
    return positions


def look_at_all(followers: Followers, receiver: Receiver, expected: Sequence[Json], end: int) -> None:
    """Each of the three has what is expected: the same events, once, in order."""
    positions = [event["position"] for event in expected]
    for name, events in (("feed", followers.from_feed), ("stream", followers.from_stream)):
        assert [e["position"] for e in events if e["position"] <= end] == positions, (followers.path, name)
    assert followers.from_stream[: len(positions)] == followers.from_feed[: len(positions)]
    sent = [event for event in followers.sent(receiver) if event["position"] <= end]
    assert by_stream(first_of_each(sent)) == by_stream(expected), (followers.path, "subscription")
    of_feed = {event["id"]: event for event in followers.from_feed}
    for event in sent:
        assert event == of_feed[event["id"]]


def of_agent(team: str) -> Sees:
    """Whether sight shows an event to an agent of that team: of tickets of the team, and their clocks."""
    return lambda event: f"team:{team}" in event["audience"]


def of_requester(person: str) -> Sees:
    """Whether sight shows an event to that requester: of their own tickets, and not for staff alone."""
    return lambda event: f"person:{person}" in event["audience"] and not event["staff_only"]


async def test_all_who_follow_get_the_same_events_whatever_is_killed(
    site: Sites, nats: NatsServer | None
) -> None:
    with site() as made_site:
        async with receiving() as receiver:
            await try_all(await Installation.start(made_site, nats, receiver))
    if nats is None:
        pytest.skip("needs nats-server: all readers but the relay were tried")


async def try_all(installation: Installation) -> None:
    admin, receiver = installation.admin, installation.receiver
    teams = {}
    for key in ("network", "servers"):
        team = {"key": key, "name": key, "kind": "internal"}
        teams[key] = (await admin.post("/v1/teams", team))["id"]
    sights: dict[str, tuple[Account, Sees]] = {}
    auditor = await installation.account("audits", "auditor")
    agent = await installation.account("agent", "agent", "network")
    requester = await installation.account("asks", "requester")
    sights["/of-auditor"] = auditor, lambda event: True
    sights["/of-agent"] = agent, of_agent(teams["network"])
    sights["/of-requester"] = requester, of_requester(requester.id)
    accounts = [await installation.account(f"writes {n}", "agent", *teams) for n in range(WRITERS)]
    records = await old_tickets(requester, accounts[0])
    followers = [Followers(account, path) for path, (account, _) in sights.items()]
    for each in followers:
        await each.subscribe(admin, receiver)
    begin = installation.head
    writers = Writers(accounts, CANARY, "network", records, new_chance())
    with cut_once(receiver) as cut:
        async with running(followers, begin):
            await write_and_break(installation, writers)
            # A public comment on the requester's own ticket, which is the agent's team's, is for all.
            comment = {"text": CANARY, "visibility": "public"}
            await accounts[0].post(f"/v1/incidents/{records[0]}/comment", comment, "the-last")
            marker = installation.rows(LAST_COMMENT, f"incident/{records[0]}")[0]
            for each in followers:
                each.marker = marker["id"]
        await all_is_sent(installation)
    assert cut == sights.keys()
    log = [event for event in installation.rows(EVENTS, begin) if event["position"] <= marker["position"]]
    counts = []
    for each in followers:
        expected = list(filter(sights[each.path][1], log))
        look_at_all(each, receiver, expected, marker["position"])
        assert each.connections > 1
        counts.append(len(expected))
    assert counts == sorted(set(counts), reverse=True)
    assert CANARY in json.dumps([request.json for request in receiver.received])
    assert not [row for row in installation.rows(ATTEMPTS) if CANARY in str(row)]
    await look_at_relay(installation)


async def old_tickets(requester: Account, agent: Account) -> list[str]:
    """Tickets of the requester and of somebody else, of each team one."""
    records = []
    for account in (requester, agent):
        for team in ("network", "servers"):
            record = await account.post("/v1/incidents", an_incident(description=CANARY))
            await agent.post(f"/v1/incidents/{record['id']}/assign", {"team": team})
            records.append(record["id"])
    return records


@contextlib.contextmanager
def cut_once(receiver: Receiver) -> Iterator[set[str]]:
    """Each subscription is cut off once, after it was sent something and before that is answered."""
    cut: set[str] = set()

    def answers(request: Received) -> bytes:
        if request.path in cut:
            return TAKEN
        cut.add(request.path)
        return b""

    receiver.answers = answers
    yield cut


async def look_at_relay(installation: Installation) -> None:
    """The relay has published each event of the whole log once, in order, and no personal text."""
    if installation.nats is None:
        return
    messages = await published(installation.nats, STREAM)
    log = installation.rows(EVENTS, 0)[: len(messages)]
    assert [message["eventid"] for message in messages] == [event["id"] for event in log]
    assert [int(message["id"]) for message in messages] == [event["position"] for event in log]
    assert CANARY not in json.dumps(messages)
