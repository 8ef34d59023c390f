"""A desk that works under agreements: cases of the month before, as a telephone system tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.people import Caller
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from app.service_levels.agreements.payloads import SignSla
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.people import act
from tests.service_levels.agreements.samples import OFFICE, Parties, a_draft, a_target

#: As far as a manager may date back.
SIGNED_BEFORE, LIVE_BEFORE = timedelta(days=88), timedelta(days=89)
SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Of results below these.
TIERS = [{"below": "0.9", "percent": "5"}, {"below": "0.4", "percent": "10"}]


def last_month() -> date:
    """The first day of the last month that is over in UTC, and so in Shanghai, too."""
    return (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def workday(number: int) -> date:
    """The working day of that number, from 0, of the month before."""
    days = (last_month() + timedelta(days=n) for n in range(28))
    return [day for day in days if day.weekday() < 5][number]


def at(number: int, hour: float) -> datetime:
    """That hour of that working day, by the clocks of Shanghai."""
    return (datetime.combine(workday(number), time(), SHANGHAI) + timedelta(hours=hour)).astimezone(UTC)


#: A service that was there before the agreement.
SERVICE = "accounting"
PERIOD = f"{last_month():%Y-%m}"


@dataclass
class ReportDesk:
    """Those who have to do with agreements, a telephone system that tells of cases, and a second manager."""

    api: Api
    follower: Connection
    parties: Parties
    tool: Client
    second_manager: Client

    async def agreement(self, *more_targets: Json, **more: Any) -> str:
        """The path of an agreement with finance that was signed before the month: nine of ten incidents
        resolved within four hours.
        """
        target = a_target("t1", "resolution", 4 * 3600, compliance="0.9")
        usual: Json = {
            "consequences": [{"target": "t1", "kind": "credit", "tiers": TIERS}],
            "workload": [{"process": "incident", "per": "month", "cases": 2}],
            "workload_above": "Above it the targets are aims.",
        }
        since = datetime.now(UTC) - SIGNED_BEFORE
        manager, steps = self.parties.manager, (f"{since + timedelta(minutes=n):%FT%TZ}" for n in range(9))
        required = {
            "title": "Mail for finance",
            "needs": "Mail within the hour.",
            "business_process": "Closing of the books",
            "representative": self.second_manager.id,
            "customer": "finance",
            "services": [SERVICE],
        }
        sla = await manager.post_ok("/v1/slas", {**required, "occurred_at": next(steps)})
        path = f"/v1/slas/{sla['id']}"
        for action, body in (
            ("draft", a_draft(target, *more_targets, **usual | more)),
            ("negotiate", {"proposals": "As drafted."}),
            ("submit_for_review", {"gap_reason": "There is nothing beneath it yet."}),
        ):
            await manager.post_ok(f"{path}/{action}", {**body, "occurred_at": next(steps)})
        await self.second_manager.post_ok(f"{path}/sign", {"occurred_at": next(steps)})
        # Customers do not date back.
        lead = UUID(self.parties.leads["finance"].id)
        caller, signed_at = Caller(f"person:{lead}", lead, ()), datetime.fromisoformat(next(steps))
        await act(self.api.ledger, caller, "sla", "sign", sla["id"], SignSla(), now=signed_at)
        return path

    async def offer(self, keeper: Client) -> None:
        """The service that it is about, live since then."""
        since = f"{datetime.now(UTC) - LIVE_BEFORE:%FT%TZ}"
        service = {
            "key": SERVICE,
            "name_en": "Accounting",
            "name_zh": "记账",
            "criticality": "high",
            "owner": "me",
        }
        offered = await keeper.post_ok("/v1/services", {**service, "calendar": OFFICE, "occurred_at": since})
        await keeper.post_ok(f"/v1/services/{offered['id']}/go_live", {"occurred_at": since})

    async def incident(self, opened: datetime, resolved: datetime | None, **more: Any) -> str:
        """The path of an incident of finance."""
        lead = self.parties.leads["finance"].id
        report = an_incident(service=SERVICE, requester=lead, occurred_at=opened.isoformat(), **more)
        incident = await self.tool.post_ok("/v1/incidents", report)
        path = f"/v1/incidents/{incident['id']}"
        await self.tool.post_ok(f"{path}/acknowledge", {"occurred_at": opened.isoformat()})
        if resolved is not None:
            await self.tool.post_ok(f"{path}/resolve", {**RESOLVED, "occurred_at": resolved.isoformat()})
        return path

    async def follow(self) -> None:
        """What the worker does."""
        await catch_up(self.follower, FACTS)

    async def issued(self, path: str, **more: Any) -> Json:
        """The report of the month before, issued by the manager."""
        await self.follow()
        await self.parties.manager.post_ok(f"{path}/issue_report", {"period": PERIOD, **more})
        (listed,) = (await self.parties.manager.read(f"{path}/reports"))["items"]
        return await self.parties.manager.read(f"{path}/reports/{listed['number']}")
