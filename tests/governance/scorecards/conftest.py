"""A team that is scored by the quarter, and those who score it, on a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.automation.governance.open_scorecards import open_scorecards
from app.foundation.quarters import end_of_quarter, quarter_of, start_of_quarter
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from tests.client import Client, Json
from tests.governance.audits.conftest import TEAM, Office, office

__all__ = ["office"]

DAY = timedelta(days=1)
EDITION: Json = {
    "service_quality": 30,
    "efficiency": 30,
    "cooperation": 20,
    "satisfaction": 20,
    "measures": [{"dimension": "service_quality", "kpi": "reopen_rate", "best": "0", "worst": "0.2"}],
    "least_cases": 3,
    "peers": 2,
    "reason": "The regulation of the year.",
}
ALL = ("service_quality", "efficiency", "cooperation", "satisfaction")


@dataclass
class ScoredOffice:
    """The office, with two colleagues of the agent, and what follows the log besides its worker."""

    office: Office
    facts: Connection
    peers: tuple[Client, Client]
    quarter: str

    @property
    def begin(self) -> datetime:
        """Noon of the second day of the quarter."""
        return start_of_quarter(self.quarter, self.office.zone).astimezone(UTC) + 1.5 * DAY

    @property
    def end(self) -> datetime:
        """An hour behind the quarter."""
        return end_of_quarter(self.quarter, self.office.zone).astimezone(UTC) + timedelta(hours=1)

    async def edition(self, **changes: object) -> Json:
        """An edition of weights that is set before the quarter begins."""
        proposed = await self.office.quality.post_ok(
            "/v1/scorecard_editions", {**EDITION, "begins_with": self.quarter, **changes}
        )
        path = f"/v1/scorecard_editions/{proposed['number']}/confirm"
        assert (await self.office.quality.post(path)).status_code == 403
        return await self.office.second_quality.post_ok(path)

    async def move_to(self, instant: datetime) -> None:
        """It is that time; the facts are made, and what follows is done."""
        await catch_up(self.facts, FACTS)
        await self.office.move_to(instant)

    async def open(self) -> None:
        """What opens scorecards by itself is done, and those who rate are asked."""
        assert await open_scorecards(self.facts, self.office.api.ledger, self.office.now)
        await self.move_to(self.office.now + timedelta(minutes=1))

    async def card(self, reader: Client, **filters: str) -> Json:
        """The only scorecard that somebody sees."""
        (card,) = (await reader.read("/v1/scorecards", **filters))["items"]
        document: Json = card
        return document

    async def rate(self, rater: Client, subject: Client, score: int) -> Json:
        """Somebody gives that score in all dimensions of a person."""
        (rating,) = (await rater.read("/v1/scorecard_ratings", person=subject.id, state="requested"))["items"]
        return await rater.post_ok(f"/v1/scorecard_ratings/{rating['id']}/rate", dict.fromkeys(ALL, score))

    async def publish(self) -> None:
        """The time to rate is over."""
        await self.move_to(self.office.now + 11 * DAY)


@pytest.fixture
async def scored(office: Office) -> AsyncIterator[ScoredOffice]:
    facts = await connect(office.api.ledger.db.url, FOLLOW_LIMITS)
    end = end_of_quarter(quarter_of(office.now, office.zone), office.zone)
    peers = [await office.api.client(name, "agent", teams=(TEAM,)) for name in ("Peer", "Other peer")]
    yield ScoredOffice(office, facts, (peers[0], peers[1]), quarter_of(end, office.zone))
    await facts.close()


def weighted(**marks: object) -> Decimal:
    """The mean of marks by the weights of the edition, of those that are given."""
    total = sum(int(str(EDITION[name])) for name in marks)
    parts = [Decimal(str(mark)) * int(str(EDITION[name])) for name, mark in marks.items()]
    return sum(parts, Decimal(0)) / total
