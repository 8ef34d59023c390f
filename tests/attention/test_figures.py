"""What the figures say: the month, the team and the service that a seed made worst are named first."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.attention import judging
from app.common.people import Role
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.signals import nightly
from app.log.events import Event
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from tests.attention.reading import cases_of, items_of, read_attention
from tests.client import Api, Client
from tests.kpis.business_hours import Hours
from tests.kpis.histories import Scripted, write
from tests.people import add_team

KEY = "incident_resolution_seconds"
WATCHED = (KPIS[KEY],)
MONTHS = 15
SERVICES = ("erp", "mail", "vpn")
CASES = 4


@dataclass(frozen=True)
class Planted:
    """What the seed made worst."""

    month: datetime
    team: str
    service: str


@pytest.fixture
async def follower(ledger: Ledger) -> AsyncIterator[Connection]:
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


@dataclass(frozen=True)
class Site:
    """An organisation with teams and services, and a reader who sees every figure."""

    api: Api
    ledger: Ledger
    follower: Connection
    reader: Client
    teams: dict[str, UUID]

    def months(self) -> list[datetime]:
        """The beginnings of the months that are over, ascending."""
        bounds = judging.month_bounds(datetime.now(UTC), self.zone)
        return list(bounds[:-2])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.ledger.settings.time_zone)

    def named(self, month: datetime) -> str:
        return month.astimezone(self.zone).strftime("%Y-%m")

    async def fill(self, chance: random.Random, planted: Planted | None, hours: float) -> None:
        """Months that are alike, but for what is planted: there, cases take so many hours."""
        log: list[Event] = []
        for month in self.months():
            for team, team_id in self.teams.items():
                for service in SERVICES:
                    is_planted = planted == Planted(month, team, service)
                    for number in range(CASES):
                        minutes = hours * 60 if is_planted else chance.uniform(50, 70)
                        fields = {"service": service, "team_id": str(team_id), "priority": "P2"}
                        begin = month + timedelta(days=3 + number, minutes=chance.randrange(600))
                        log += Scripted.begin(begin, **fields).then("resolved", minutes=minutes).events
        await write(self.follower, log)
        for service in SERVICES:
            await Hours(self.follower).service(service, None)
        await self.judge()

    async def judge(self) -> None:
        await catch_up(self.follower, FACTS)
        await judging.judge(self.ledger, WATCHED, datetime.now(UTC))


@pytest.fixture
async def site(api: Api, ledger: Ledger, follower: Connection) -> Site:
    teams = {key: (await add_team(ledger, key)).id for key in ("apps", "net", "desk")}
    return Site(api, ledger, follower, await api.client("Quinn", Role.quality_manager), teams)


def drawn(chance: random.Random, site: Site) -> Planted:
    """What is planted, as the seed draws it."""
    return Planted(chance.choice(site.months()), chance.choice(sorted(site.teams)), chance.choice(SERVICES))


@pytest.mark.parametrize("hours", [40, 6], ids=["all together miss", "only the team and the service miss"])
async def test_what_a_seed_made_worst_is_named_first(site: Site, hours: float) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    planted = drawn(chance, site)
    await site.fill(chance, planted, hours)
    first, *_ = (await read_attention(site.reader, period=site.named(planted.month)))["items"]
    assert (first["code"], first["severity"]) == ("target_missed", "missed"), seed
    assert first["parameters"]["kpi"]["value"] == KEY
    assert first["parameters"]["period"]["value"] == site.named(planted.month)
    names = {name: value["value"] for name, value in first["parameters"].items()}
    if hours == 40:
        assert (names["team"], names["service"]) == (planted.team, planted.service), seed
    else:
        assert names["scope"] in (planted.team, planted.service), seed
    assert len(await cases_of(site.reader, first)) == first["count"]
    for team in site.teams:
        missed = await items_of(site.reader, "target_missed", period=site.named(planted.month), team=team)
        assert len(missed) == (team == planted.team), seed


async def test_with_nothing_planted_nothing_needs_attention(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    assert await nightly.note_signals(site.follower, site.ledger, WATCHED, datetime.now(UTC))
    for month in site.months()[-3:]:
        answer = await read_attention(site.reader, period=site.named(month))
        assert [item["sentence"] for item in answer["items"]] == []
        assert answer["nothing"] == "Nothing needs attention."


async def test_a_month_is_judged_anew_when_its_target_changes(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    assert await items_of(site.reader, "target_missed") == []
    begins = site.months()[-1].isoformat()
    target = {"kpi": KEY, "comparator": "lt", "value": 600, "valid_from_at": begins}
    await site.reader.post_ok("/v1/kpi_targets", target)
    await site.judge()
    (item,) = await items_of(site.reader, "target_missed")
    assert "target under 10 min; met in 12 of 13 months" in item["sentence"]


async def test_whoever_may_not_see_a_kpi_is_not_told_of_it(site: Site) -> None:
    planted = Planted(site.months()[-1], "net", "vpn")
    await site.fill(random.Random(7), planted, 40)
    assert len(await items_of(site.reader, "target_missed")) == 1
    stranger = await site.api.client("Zhao")
    answer = await read_attention(stranger)
    assert answer["counts"] == {"total": 0, "now": 0}


async def test_a_signal_needs_attention_until_it_is_explained(site: Site) -> None:
    planted = Planted(site.months()[-1], "net", "vpn")
    await site.fill(random.Random(7), planted, 40)
    now = datetime.now(UTC) + timedelta(days=9)  # by then, nothing of the month can be reopened
    await nightly.note_signals(site.follower, site.ledger, WATCHED, now)
    (item,) = await items_of(site.reader, "kpi_worse")
    assert item["severity"] == "changed"
    assert len(await cases_of(site.reader, item)) == item["count"] == 36
    (of_team,) = await items_of(site.reader, "kpi_worse", team="net")
    assert of_team["parameters"]["scope"]["value"] == "net"
    for row in (await site.reader.read("/v1/kpi_signals"))["items"]:
        await site.reader.post_ok(f"/v1/kpi_signals/{row['id']}/explain", {"cause": "A power cut"})
    assert await items_of(site.reader, "kpi_worse") == []
    signal = item["parameters"]["signal"]["href"]
    await site.reader.post_ok(f"{signal}/reopen", {"reason": "It was another month."})
    assert len(await items_of(site.reader, "kpi_worse")) == 1
