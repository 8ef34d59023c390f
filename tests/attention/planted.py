"""An organisation with months of cases that are alike, but for what a seed has made worst."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.attention import judging
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.periods import Grain
from app.log.events import Event
from app.log.follow import catch_up
from app.platform.db import Connection
from tests.client import Api, Client
from tests.kpis.business_hours import Hours
from tests.kpis.histories import Scripted, write

KEY = "incident_resolution_seconds"
WATCHED = (KPIS[KEY],)
SERVICES = ("erp", "mail", "vpn")
CASES = 4


@dataclass(frozen=True)
class Planted:
    """What the seed made worst."""

    month: datetime
    team: str
    service: str


@dataclass(frozen=True)
class Site:
    """An organisation with teams and services, and a reader who sees every figure. `heaviest` are the numbers
    of the planted cases, that which took longest first.
    """

    api: Api
    ledger: Ledger
    follower: Connection
    reader: Client
    teams: dict[str, UUID]
    heaviest: list[str] = field(default_factory=list)

    def months(self) -> list[datetime]:
        """The beginnings of the months that are over, ascending."""
        return self.bounds(Grain.month)[:-2]

    def bounds(self, grain: Grain) -> list[datetime]:
        """The bounds of the periods that are judged, the running one last."""
        return list(judging.period_bounds(grain, datetime.now(UTC), self.zone))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.ledger.settings.time_zone)

    def named(self, month: datetime) -> str:
        return month.astimezone(self.zone).strftime("%Y-%m")

    async def fill(self, chance: random.Random, planted: Planted | None, hours: float) -> None:
        """Months that are alike, but for what is planted: there, cases take so many hours, each longer than
        the one before.
        """
        log: list[Event] = []
        opened = 0
        for month in self.months():
            for team, team_id in self.teams.items():
                for service in SERVICES:
                    is_planted = planted == Planted(month, team, service)
                    for number in range(CASES):
                        minutes = hours * 60 + number if is_planted else chance.uniform(50, 70)
                        fields = {"service": service, "team_id": str(team_id), "priority": "P2"}
                        begin = month + timedelta(days=3 + number, minutes=chance.randrange(600))
                        log += Scripted.begin(begin, **fields).then("resolved", minutes=minutes).events
                        if is_planted:
                            self.heaviest.insert(0, f"INC-2026-{opened:06}")
                        opened += 1
        await write(self.follower, log)
        for service in SERVICES:
            await Hours(self.follower).service(service, None)
        await self.judge()

    async def judge(self) -> None:
        await catch_up(self.follower, FACTS)
        await judging.judge(self.ledger, WATCHED, datetime.now(UTC))


def drawn(chance: random.Random, site: Site) -> Planted:
    """What is planted, as the seed draws it."""
    return Planted(chance.choice(site.months()), chance.choice(sorted(site.teams)), chance.choice(SERVICES))
