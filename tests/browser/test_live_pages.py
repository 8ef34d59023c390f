"""Pages that are live: what others do meanwhile is seen without asking; without a stream, they ask."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.api.service import live
from app.common.people import Role
from app.desk.pages import context
from app.main import application
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import Place as SignedInPlace
from tests.browser.test_dashboard import sign_in
from tests.browser.test_desk import PICTURES, SIZES
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.served import behind_a_socket
from tests.waiting import until

LINE = "document.querySelector('#news .newer, #news p:has([data-n])')?.innerText ?? ''"
IS_NOT_LIVE = "document.querySelector('#news').innerText.includes('Not live')"
#: The page has asked for events, instead of being told.
HAS_ASKED = "performance.getEntriesByType('resource').some(({name}) => name.includes('/v1/events?'))"
#: The page's clock goes on by more than the time for which it changes nothing (SHOWN_MS of live.js).
LATER = "performance.now = ((now) => () => now() + 6000)(performance.now.bind(performance))"
#: No timer of a page takes longer, however long it means to change nothing.
SOON = "setTimeout = ((set) => (act, ms) => set(act, Math.min(ms, 300)))(setTimeout)"
HIDE = """(() => { Object.defineProperty(document, 'hidden', {value: %s, configurable: true});
  document.dispatchEvent(new Event('visibilitychange')); })()"""


@dataclass
class LivePlace:
    """The desk that is served, its reader, and another client who acts."""

    app: FastAPI
    url: str
    reader: Client
    other: Client
    incident: Json
    requester: Client

    @property
    def record_path(self) -> str:
        """The API's path of the incident."""
        return f"/v1/incidents/{self.incident['id']}"

    @property
    def followers(self) -> int:
        """The number of streams that are open."""
        followers: int = self.app.state.event_streams.newest.followers
        return followers

    async def has_followers(self, number: int) -> None:
        """Waits until there are so many streams."""

        async def told() -> bool:
            return self.followers == number

        await until(told)

    async def comment(self) -> None:
        """The other client says something about the incident."""
        await self.other.post_ok(f"{self.record_path}/comment", {"text": "Seen.", "visibility": "public"})


@pytest.fixture
async def desk(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[LivePlace]:
    installed()
    secrets = tmp_path / "secrets"
    async with contextlib.AsyncExitStack() as stack:
        api: Api = await stack.enter_async_context(serving(place.url, secrets, settings))
        await api.team("network")
        reader = await api.client("Lin", Role.agent, Role.quality_manager, teams=("network",))
        other = await api.client("Zhao", Role.agent, teams=("network",))
        incident = await other.post_ok("/v1/incidents", an_incident(title="Printer"))
        app = application(place.url, secrets, settings)
        host, port = await stack.enter_async_context(behind_a_socket(app))
        zhao = await api.client("Zhao Min")
        yield LivePlace(app, f"http://{host}:{port}", reader, other, incident, zhao)


@contextlib.asynccontextmanager
async def reading(desk: LivePlace, browsing: Browsing, path: str) -> AsyncIterator[Page]:
    """The page of that path, which the reader sees in a browser with their session's cookie."""
    async with browsing() as page:
        await page.send("Page.addScriptToEvaluateOnNewDocument", source=SOON)
        await sign_in(page, SignedInPlace(desk.url, str(desk.reader.token)))
        await page.sized(*SIZES[1])
        await page.open(f"{desk.url}{path}")
        yield page


async def photographed(page: Page, name: str) -> None:
    if PICTURES is not None:
        (Path(PICTURES) / f"live-{name}.png").write_bytes(await page.photograph())


async def test_a_record_says_at_once_what_another_client_did(desk: LivePlace, browsing: Browsing) -> None:
    async with reading(desk, browsing, f"/desk/incident/{desk.incident['number']}") as page:
        await desk.has_followers(1)
        assert await page.run(LINE) == ""
        await desk.comment()
        await page.until(f"({LINE}).includes('1')")
        await photographed(page, "record")
        await page.run(LATER)
        await desk.comment()
        await page.until(f"({LINE}).includes('2')")
        assert not await page.run(HAS_ASKED)
        await page.run("document.querySelector('#news a').click()")
        await page.until(f"({LINE}) === '' && document.body.innerText.includes('Seen.')")
        assert page.errors == []


async def test_a_requester_who_has_answered_is_not_asked_any_more(
    desk: LivePlace, browsing: Browsing
) -> None:
    zhao = desk.requester
    incident = await zhao.post_ok("/v1/incidents", an_incident(title="Mail"))
    path, standing = f"/v1/incidents/{incident['id']}", "document.getElementById('standing').innerText"
    await desk.other.post_ok(f"{path}/assign", {"person": "me"})
    await desk.other.post_ok(f"{path}/hold", {"reason": "awaiting_requester", "question": "Which building?"})
    portal = replace(desk, reader=zhao)
    async with reading(portal, browsing, f"/portal/incident/{incident['number']}") as page:
        await desk.has_followers(1)
        assert "Which building?" in await page.run(standing)
        await zhao.post_ok(f"{path}/comment", {"text": "Tower B."})
        await desk.other.post_ok(f"{path}/resume")
        await page.until(f"!({standing}).includes('Which building?')")
        await page.until(f"({LINE}) === ''")
        assert page.errors == []


@in_test_all
async def test_work_and_lists_renew_what_nobody_is_using(desk: LivePlace, browsing: Browsing) -> None:
    for path, part in (("/desk", "work"), ("/desk/incident", "rows")):
        async with reading(desk, browsing, path) as page:
            await desk.has_followers(1)
            ticket = await desk.other.post_ok("/v1/incidents", an_incident(title=f"Seen at {path}"))
            await desk.other.post_ok(f"/v1/incidents/{ticket['id']}/assign", {"person": desk.reader.id})
            await page.until(f"document.getElementById('{part}').innerText.includes('Seen at {path}')")
            await page.until(f"({LINE}) === ''")
            await photographed(page, part)
            # With a focus within, nothing moves: it is said.
            await page.run(f"document.querySelector('#{part} a').focus(); {LATER}")
            await desk.comment()
            await page.until(f"({LINE}) !== ''")
            await photographed(page, f"{part}-in-use")
            await page.run(f"{LATER}; document.activeElement.blur()")
            await page.until(f"({LINE}) === ''")
            assert not await page.run(HAS_ASKED)
            assert page.errors == []
        await desk.has_followers(0)


@in_test_all
async def test_figures_say_that_there_are_newer_events_and_do_not_jump(
    desk: LivePlace, browsing: Browsing
) -> None:
    async with reading(desk, browsing, "/dashboard?view=plain") as page:
        await desk.has_followers(1)
        await page.run("document.querySelector('h1').dataset.mark = 'the same page'")
        await desk.comment()
        await page.until(f"({LINE}).includes('Newer events: 1')")
        await photographed(page, "dashboard")
        assert await page.run("document.querySelector('h1').dataset.mark") == "the same page"
        await page.open(f"{desk.url}/dashboard?view=plain&as_of=1")
        assert await page.run("document.getElementById('news')") is None, "nothing of then is new"
        assert page.errors == []


@in_test_all
async def test_a_page_that_nobody_sees_has_no_stream_and_misses_nothing(
    desk: LivePlace, browsing: Browsing
) -> None:
    async with reading(desk, browsing, f"/desk/incident/{desk.incident['number']}") as page:
        await desk.has_followers(1)
        await desk.comment()
        await page.until(f"({LINE}).includes('1')")
        await page.run(HIDE % "true")
        await desk.has_followers(0)
        await desk.comment()
        await page.run(f"{LATER}; {HIDE % 'false'}")
        await page.until(f"({LINE}).includes('2')")
        assert not await page.run(HAS_ASKED)


@in_test_all
async def test_a_page_asks_where_there_is_no_stream_and_listens_once_there_is(
    desk: LivePlace, browsing: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 0)
    monkeypatch.setattr(context, "RECORD_ASKS_SECONDS", 1)
    async with reading(desk, browsing, f"/desk/incident/{desk.incident['number']}") as page:
        await page.until(IS_NOT_LIVE)
        await desk.comment()
        await page.until(f"({LINE}).includes('1')")
        await photographed(page, "without-stream")
        assert await page.run(HAS_ASKED)
        monkeypatch.setattr(live, "MOST_STREAMS", 50)
        await page.until(f"!{IS_NOT_LIVE}")
        await desk.has_followers(1)
        await desk.comment()
        await page.until(f"({LINE}).includes('2')")


@in_test_all
async def test_a_page_whose_stream_is_held_back_asks_all_the_same(
    desk: LivePlace, browsing: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held(*_: Any) -> list[bytes]:
        return []

    monkeypatch.setattr(live.EventStreams, "messages", held)
    monkeypatch.setattr(context, "RECORD_ASKS_SECONDS", 1)
    async with reading(desk, browsing, f"/desk/incident/{desk.incident['number']}") as page:
        await desk.has_followers(1)
        await desk.comment()
        await page.until(f"({LINE}).includes('1')")
        assert await page.run(HAS_ASKED)


@in_test_all
async def test_whoever_signs_out_elsewhere_is_asked_for_no_more(
    desk: LivePlace, browsing: Browsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "RECORD_ASKS_SECONDS", 1)
    async with reading(desk, browsing, f"/desk/incident/{desk.incident['number']}") as page:
        await desk.has_followers(1)
        await page.run("fetch('/v1/sessions/current', {method: 'DELETE'})")
        await desk.has_followers(0)
        await page.until(f"isOver && !{IS_NOT_LIVE}")
        await page.run("tick()")
        assert desk.followers == 0
