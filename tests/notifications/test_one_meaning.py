"""One number, one meaning: each figure in a notice, as mails repeat it, is the API's of that name.

Those of pages, documents and sentences are compared in tests/api/test_one_meaning.py and what that names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.automation import watch_clocks
from app.common.people import Role
from app.db import connect
from app.kpis.facts import FACTS
from app.log.canonical import from_instant
from app.log.follow import FOLLOW_LIMITS, catch_up
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.people import ago
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
#: Of hours and minutes, so that one cannot be told for the other.
ALLOWED_SECONDS = 4 * 3600 + 25 * 60
LENGTHS = {"h": 3600, "小时": 3600, "min": 60, "分": 60}
LANGUAGES = ("en", "zh")
WORDS = {
    "close": {
        "en": r"(?P<percent>\d+) % of the time .* It is due on (?P<due>.+) \((?P<zone>.+)\)\.",
        "zh": r"目标时限的 (?P<percent>\d+)%.*到期时间为 (?P<due>.+) \((?P<zone>.+)\)。",
    },
    "missed": {
        "en": r": Mail is down\. (?P<allowed>.+) were allowed; it was due on (?P<due>.+) \((?P<zone>.+)\)\.",
        "zh": r"时限为 (?P<allowed>.+)，到期时间为 (?P<due>.+) \((?P<zone>.+)\)。",
    },
    "resolved": {"en": r"reopen it within (?P<days>\d+) days", "zh": r"请在 (?P<days>\d+) 天内重新打开"},
}


async def _told(client: Client, ticket: Json, words: str, language: str) -> dict[str, str]:
    """The figures of the one sentence of this kind that somebody has been told of the ticket."""
    answer = await client.get("/v1/notices", headers={"Accept-Language": language})
    text = "\n".join(one["text"] for one in answer.json()["items"] if ticket["number"] in one["text"])
    (found,) = re.finditer(WORDS[words][language], text)
    return found.groupdict()


def _due(told: dict[str, str]) -> datetime:
    return datetime.strptime(told["due"], "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(told["zone"]))


def _seconds(allowed: str) -> int:
    return sum(int(number) * LENGTHS[unit] for number, unit in re.findall(r"(\d+) (\w+)", allowed))


async def _work(api: Api, worker: Worker, seconds_ahead: float) -> None:
    """Do what the worker does by then: facts with their clocks, what the clocks say, and who is told."""
    now = datetime.now(UTC) + timedelta(seconds=seconds_ahead)
    async with await connect(api.ledger.db.url, FOLLOW_LIMITS) as connection:
        await catch_up(connection, FACTS)
        while await watch_clocks.fire_due(connection, api.ledger, now, failed=worker._failed):
            await catch_up(connection, FACTS)
    await worker.work(now)
    assert worker.failures == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_figure_of_a_notice_is_the_api_s_of_that_name(api: Api, language: str) -> None:
    await api.team("mail")
    agent = await api.client("Agent", Role.agent, Role.engineer, teams=("mail",))
    engineer = await api.client("Engineer", Role.engineer, teams=("mail",))
    requester = await api.client("Requester")
    await add_calendar(api.ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    mend = target("mend", "resolution", ALLOWED_SECONDS, warning_percents=[61])
    await sign(api.ledger, mend, calendar="always", reopen_days=3)
    worker, tickets = Worker(api.ledger), []
    for hours_ago in (3.5, 5):
        opened = ago(hours=hours_ago).isoformat()
        body = an_incident(title="Mail is down", occurred_at=opened, requester=str(requester.id))
        ticket = await agent.post_ok("/v1/incidents", body)
        await agent.post_ok(
            f"/v1/incidents/{ticket['id']}/assign", {"team": "mail", "person": str(engineer.id)}
        )
        tickets.append(ticket)
    await _work(api, worker, 0)
    await _work(api, worker, 61)
    close, missed = tickets

    (clock,) = (await engineer.read(f"/v1/incidents/{close['id']}/sla"))["clocks"]
    told = await _told(engineer, close, "close", language)
    assert [int(told["percent"])] == [one["percent"] for one in clock["warnings"]]
    assert _due(told) == from_instant(clock["due_at"]).replace(second=0, microsecond=0)

    (clock,) = (await engineer.read(f"/v1/incidents/{missed['id']}/sla"))["clocks"]
    told = await _told(engineer, missed, "missed", language)
    assert _seconds(told["allowed"]) == clock["target_seconds"] == ALLOWED_SECONDS
    assert _due(told) == from_instant(clock["due_at"]).replace(second=0, microsecond=0)

    await engineer.post_ok(f"/v1/incidents/{close['id']}/start")
    resolved = await engineer.post_ok(f"/v1/incidents/{close['id']}/resolve", RESOLVED)
    await _work(api, worker, 122)
    await _work(api, worker, 183)
    told = await _told(requester, close, "resolved", language)
    assert int(told["days"]) == resolved["reopen_days"] == 3
