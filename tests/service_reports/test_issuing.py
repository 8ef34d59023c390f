"""Reports that are issued by themselves: when they are due, once, and sent to whom they concern."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from app.service_reports.issuing import issue_due
from tests.client import Json
from tests.extent import in_test_all
from tests.service_reports.desk import SHANGHAI, ReportDesk

#: The month in which the agreements of these tests are signed.
MONTH = datetime.now(SHANGHAI).date().replace(day=1)
PERIOD = f"{MONTH:%Y-%m}"


def next_month(day: date) -> date:
    """The first day of the month after that day's."""
    return (day.replace(day=1) + timedelta(days=40)).replace(day=1)


def fifth_working_day() -> datetime:
    """The end of the fifth working day after the month, in Shanghai."""
    day, left = next_month(MONTH) - timedelta(days=1), 5
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC) + timedelta(days=1)


async def issued_at(desk: ReportDesk, now: datetime) -> int:
    """How many reports a worker issues at that instant."""
    return await issue_due(desk.follower, desk.api.ledger, now)


async def reports(desk: ReportDesk, path: str) -> list[Json]:
    """Those of the agreement, as its list has them."""
    items: list[Json] = (await desk.parties.manager.read(f"{path}/reports"))["items"]
    return items


async def test_a_report_is_issued_when_it_is_due_and_sent_to_those_concerned(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.follow()
    due = fifth_working_day()
    assert await issued_at(desk, due - timedelta(seconds=1)) == 0
    assert await issued_at(desk, due) == 1
    await desk.follow()
    assert await issued_at(desk, due + timedelta(hours=1)) == 0
    (listed,) = await reports(desk, path)
    assert (listed["period"], listed["issued_by"], listed["edition"]) == (PERIOD, None, 1)
    report = await desk.parties.manager.read(f"{path}/reports/{listed['number']}")
    assert [recipient["name"] for recipient in report["sent_to"]] == ["Lead of finance"]
    (event,) = [
        event
        for event in (await desk.parties.manager.read(f"{path}/events"))["items"]
        if event["type"] == "sla.report_issued"
    ]
    assert (event["actor"], event["given"]) == ("rule:issue_reports", {"period": PERIOD})


@in_test_all
async def test_periods_that_were_over_when_it_was_signed_are_left_to_people(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.follow()
    later = fifth_working_day() + timedelta(days=62)
    assert await issued_at(desk, later) == 3
    periods = [report["period"] for report in await reports(desk, path)]
    following = next_month(MONTH)
    assert periods == [PERIOD, f"{following:%Y-%m}", f"{next_month(following):%Y-%m}"]


async def test_three_workers_at_once_issue_a_report_once(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.follow()
    workers = [await connect(desk.api.ledger.db.url, FOLLOW_LIMITS) for _ in range(3)]
    try:
        now = fifth_working_day() + timedelta(hours=1)
        done = await asyncio.gather(*(issue_due(connection, desk.api.ledger, now) for connection in workers))
    finally:
        for connection in workers:
            await connection.close()
    assert sum(done) == len(await reports(desk, path)) == 1


@in_test_all
async def test_a_report_waits_until_what_was_recorded_before_it_was_due_is_counted(desk: ReportDesk) -> None:
    path = await desk.agreement()
    assert await issued_at(desk, fifth_working_day()) == 0
    await desk.follow()
    assert await issued_at(desk, fifth_working_day()) == 1
    assert len(await reports(desk, path)) == 1
