"""The page of the change calendar: what is in which week, for whom, and an address for calendar programs."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.api.authentication.auth import utc_now
from tests.client import Client, an_incident
from tests.desk.test_pages import page
from tests.processes.changes.conftest import board as board  # noqa: PLC0414  # a fixture
from tests.processes.changes.samples import DONE, NIGHT, REVIEWED, Board, a_freeze

PAGE = "/desk/changes"
WEEK = f"{PAGE}?date={NIGHT:%Y-%m-%d}"


@pytest.fixture
async def reader(board: Board) -> Client:
    """An engineer who sees two changes of one week."""
    await board.scheduled(2, 4, title="Renew the <b>relay</b>")
    await board.scheduled(5, 6, title="Swap the core switch")
    return board.manager


async def test_the_changes_of_a_week_are_listed_and_drawn(reader: Client) -> None:
    html = await page(reader, WEEK)
    assert html.index("Renew the <b>relay</b>") < html.index("Swap the core switch")
    assert "<b>relay" not in (await reader.get(WEEK)).text
    assert re.search(r'href="/desk/change/CHG-[\d-]+"', html)
    drawing = html.partition("<svg")[2].partition("</svg>")[0]
    entries = re.findall(r'<a href="(/desk/change/CHG-[\d-]+)" class="cc-entry cc-normal">', drawing)
    assert len(entries) == 2
    assert "Renew the <b>relay</b>" in await page(reader, entries[0])
    assert "Swap the core" in drawing
    assert " style=" not in drawing
    assert "Swap the core switch" in await page(reader, f"{PAGE}?view=month&date={NIGHT:%Y-%m-%d}")
    chinese = await page(reader, WEEK, **{"Accept-Language": "zh"})
    assert ("变更日历" in chinese, "普通" in chinese or "常规" in chinese) == (True, True)


async def test_another_week_a_filter_and_another_reader_show_other_changes(
    board: Board, reader: Client
) -> None:
    next_week = re.search(r'href="([^"]+)">Later', await page(reader, WEEK))
    assert next_week
    assert f"date={NIGHT + timedelta(days=7):%Y-%m-%d}" in next_week[1]
    stranger = await board.api.client("Stranger")
    pages = [
        await page(reader, next_week[1]),
        await page(reader, f"{WEEK}&type=emergency"),
        await page(stranger, WEEK),
    ]
    assert not any("core switch" in html for html in pages)
    assert "core switch" in await page(reader, f"{WEEK}&type=normal&service=mail&tz=Asia/Shanghai")
    assert "Asia/Shanghai" in await page(reader, f"{WEEK}&tz=Asia/Shanghai")
    assert "core switch" in await page(reader, f"{WEEK}&tz=No/Where"), "what is no zone is the usual one"


async def test_windows_are_shown_by_weekday_date_and_time_however_near(board: Board) -> None:
    change = await board.scheduled(2, 4, title="Renew the relay")
    address = f"/desk/change/{change.rpartition('/')[2]}"
    for shown_page in (WEEK, address):
        html = await page(board.manager, shown_page)
        assert re.search(r"[A-Z][a-z]+day <time[^>]*>20\d\d-\d\d-\d\d \d\d:\d\d", html), shown_page
    near = utc_now() + timedelta(days=3)
    await board.manager.post_ok(
        "/v1/freezes",
        a_freeze(0, 24, title="Soon", everything=True)
        | {"from_at": near.isoformat(), "until_at": (near + timedelta(hours=2)).isoformat()},
    )
    html = await page(board.manager, f"{PAGE}?date={near:%Y-%m-%d}")
    assert f"{near:%A} <time" in html.partition('id="listed"')[2]


async def test_an_address_for_a_calendar_program_reads_the_calendar_and_is_shown_once(
    board: Board, reader: Client
) -> None:
    address = re.search(r'value="https?://[^/"]+(/v1/[^"]+)"', (await reader.post(PAGE)).text)
    assert address
    assert "key=ldk_" in address[1]
    subscription_address = f"{address[1].replace('&amp;', '&')}"
    subscription_address += f"&from={NIGHT:%Y-%m-%d}&until={NIGHT + timedelta(days=2):%Y-%m-%d}"
    subscribed = await board.api.with_token(None).get(subscription_address)
    assert (subscribed.status_code, subscribed.text.count("BEGIN:VEVENT")) == (200, 2)
    assert "ldk_" not in await page(reader, PAGE)


async def test_old_addresses_lead_to_the_page_and_to_the_change(board: Board) -> None:
    old = "/dashboard/changes"
    for query, target in (("view=month&lang=zh", f"{PAGE}?view=month&lang=zh"), ("", PAGE)):
        answer = await board.manager.get(f"{old}?{query}")
        assert (answer.status_code, answer.headers["location"]) == (308, target)
    number = (await board.drafted())["number"]
    answer = await board.manager.get(f"{old}?change={number}")
    assert answer.headers["location"] == f"/desk/change/{number}?change={number}"
    assert number in await page(board.manager, answer.headers["location"])


async def test_changes_that_caused_incidents_are_named_with_these(board: Board) -> None:
    path = await board.scheduled(0, 2)
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "It is quiet."})
    incident = await board.agent.post_ok("/v1/incidents", an_incident())
    await board.engineer.post_ok(f"{path}/complete", DONE)
    assert 'id="causes"' not in await page(board.manager, PAGE)
    reviewed = {**REVIEWED, "first_pass": False, "outcome": "successful_with_issues"}
    await board.manager.post_ok(f"{path}/review", {**reviewed, "caused_incidents": [incident["id"]]})
    causes = (await page(board.agent, PAGE)).partition('id="causes"')[2]
    assert (await board.manager.read(path))["number"] in causes
    assert f"/desk/incident/{incident['id']}" in causes or incident["number"] in causes


async def test_a_freeze_is_seen_from_the_draft_of_a_change_to_its_vote(board: Board) -> None:
    freeze = a_freeze(-4, 24, title="Year end", everything=True)
    await board.manager.post_ok("/v1/freezes", freeze)
    manager = board.manager
    assert "Year end" in await page(manager, "/desk/new/change/draft")
    path = await board.approved()
    number = (await manager.read(path))["number"]
    for address in (f"/desk/change/{number}", f"/desk/change/{number}/schedule"):
        html = await page(manager, address)
        assert "The planned window overlaps:" in html, address
        assert re.search(r'href="/desk/freeze/[\w-]+">Year end</a>', html), address
        assert "Free windows of the same length:" in html, address


async def test_scheduling_begins_with_the_window_that_was_wanted(board: Board) -> None:
    path = await board.approved()
    change = await board.manager.read(path)
    html = (await board.manager.get(f"/desk/change/{change['number']}/schedule")).text
    for name in ("from_at", "until_at"):
        entry = re.search(rf'<input[^>]*name="/{name}"[^>]*>', html)
        assert entry
        assert f'value="{change[f"wanted_{name}"][:16]}' in entry[0]
