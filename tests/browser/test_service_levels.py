"""A service report, an agreement's document and the page of what is due next in a real browser: in both
languages, on every screen, on paper.
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from app.common.people import Role
from app.i18n import LANGUAGES
from app.log.follow import FOLLOW_LIMITS
from app.main import application
from app.platform.db import connect
from app.platform.settings import Settings
from tests.browser.chromium import Browsing, Page, installed
from tests.browser.test_dashboard import AXE, FAULTS
from tests.client import Client, serving
from tests.conftest import Server, fresh
from tests.extent import in_test_all
from tests.people import ago
from tests.served import behind_a_socket
from tests.service_levels.agreements.samples import a_target, the_parties
from tests.service_reports.desk import PERIOD, SERVICE, ReportDesk, at

SIZES = ((390, 844), (1280, 900))
#: A language and a size: both of each, by `make test-all`.
SCREENS = list(product(LANGUAGES, SIZES))
USUAL = Settings(_env_file=None, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own argument
#: A4 without its margins, in pixels of the screen.
PAPER = (718, 1047)
#: Where pictures are kept for whoever wants to look at them.
PICTURES = os.environ.get("LEDGERDESK_TEST_PICTURES")


@pytest.fixture(scope="module")
async def address(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, str, Client]]:
    """Where it is served, the path of a report that was corrected once, and who may read it. No test changes
    anything.
    """
    installed()
    secrets = tmp_path_factory.mktemp("secrets")
    async with contextlib.AsyncExitStack() as stack:
        place = stack.enter_context(fresh(server))
        follower = await stack.enter_async_context(await connect(place.url, FOLLOW_LIMITS))
        api = await stack.enter_async_context(serving(place.url, secrets, USUAL))
        parties = await the_parties(api)
        tool = await api.client("Telephone", Role.agent, Role.integration, teams=("mail-team",))
        other = await api.client("Second manager", Role.service_level_manager)
        desk = ReportDesk(api, follower, parties, tool, other)
        await desk.offer(await api.client("Keeper of services", Role.admin))
        report = await reported(desk)
        host, port = await stack.enter_async_context(behind_a_socket(application(place.url, secrets, USUAL)))
        yield f"http://{host}:{port}", report, parties.manager


async def reported(desk: ReportDesk) -> str:
    """A month with a breach, with a case that is told of behind its report, and two that are still open."""
    path = await desk.agreement(a_target("t2", "response", 1800, warning_percents=[75]))
    await desk.incident(at(1, 10), at(1, 12))
    title = "邮件收不到 Mail does not arrive since the change of last night, neither here nor on the phone"
    late = await desk.incident(at(2, 10), at(2, 16), title=title)
    await desk.parties.manager.post_ok(f"{late}/state_breach_cause", {"cause": "vendor"})
    issued = await desk.issued(path, remarks="One call waited for the carrier. 有一单等待运营商。")
    await desk.incident(at(3, 10), at(3, 17), title="Told of later")
    lead = desk.parties.leads["finance"].id
    # In office hours: whatever the hour of the test, a minute is in time, and after three weeks it is not.
    for minutes, words in ((1, title), (21 * 24 * 60, "Overdue")):
        fields = {"title": words, "service": SERVICE, "requester": lead}
        opened = ago(minutes=minutes).isoformat()
        await desk.tool.post_ok("/v1/incidents", {**AN_INCIDENT, **fields, "occurred_at": opened})
    await desk.follow()
    fields = {"number": issued["number"], "remarks": "A call was told of later. 后来补记一单。"}
    await desk.parties.manager.post_ok(f"{path}/correct_report", fields)
    return f"{path}/reports/{issued['number']}"


AN_INCIDENT = {
    "description": "Since nine o'clock.",
    "channel": "portal",
    "impact": "2",
    "urgency": "2",
    "effect": "degraded",
}


async def looked_at(page: Page, name: str) -> None:
    """Nothing is wrong with what one sees, and nothing is wider than the screen."""
    await page.run(AXE.read_text(encoding="utf-8"))
    assert await page.run(FAULTS) == []
    assert await page.run("document.documentElement.scrollWidth <= innerWidth"), name
    if PICTURES is not None:
        (Path(PICTURES) / f"{name}.png").write_bytes(await page.photograph())


async def on_paper(page: Page, name: str) -> None:
    """Printed, everything is there, on sheets that hold its width."""
    await page.send("Emulation.setEmulatedMedia", media="print")
    await page.sized(*PAPER)
    assert await page.run("document.documentElement.scrollWidth <= innerWidth"), name
    hidden: Any = await page.run(
        "[...document.querySelectorAll('main table')].filter((one) => !one.offsetHeight).length"
    )
    assert hidden == 0
    sheet = await page.send("Page.printToPDF", preferCSSPageSize=True)
    pdf = base64.b64decode(sheet["data"])
    assert pdf.count(b"/Type /Page\n") >= 1
    if PICTURES is not None:
        (Path(PICTURES) / f"{name}.pdf").write_bytes(pdf)
    await page.send("Emulation.setEmulatedMedia", media="screen")


async def as_client(page: Page, client: Client) -> None:
    """Whatever the browser asks for, it asks with the client's key."""
    await page.send("Network.enable")
    await page.send("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {client.token}"})


WORDS = {
    "en": ("Service report", "a correction", "Missed", "A call was told of later."),
    "zh": ("服务报告", "未达标", "解决 · 事件", "后来补记一单。"),
}


@in_test_all
async def test_a_report_is_read_on_every_screen_and_on_paper(
    address: tuple[str, str, Client], browsing: Browsing
) -> None:
    url, report, manager = address
    async with browsing() as page:
        await as_client(page, manager)
        for language, (width, height) in SCREENS:
            await page.sized(width, height)
            await page.open(f"{url}{report}?lang={language}")
            text: str = await page.run("document.body.innerText")
            assert [words for words in (*WORDS[language], PERIOD) if words not in text] == []
            assert await page.run("document.querySelector('script')") is None
            inside = "(one) => one.getBoundingClientRect().right <= innerWidth"
            assert await page.run(f"[...document.querySelectorAll('.stacked td')].every({inside})"), width
            await looked_at(page, f"report-{language}-{width}")
            await on_paper(page, f"report-{language}")
        assert page.errors == []


@in_test_all
async def test_what_was_signed_is_read_on_every_screen_and_on_paper(
    address: tuple[str, str, Client], browsing: Browsing
) -> None:
    url, report, manager = address
    agreement = report.partition("/reports/")[0]
    documents = [document["number"] for document in (await manager.read(f"{agreement}/documents"))["items"]]
    async with browsing() as page:
        await as_client(page, manager)
        for number in documents:
            for language, (width, height) in SCREENS:
                await page.sized(width, height)
                await page.open(f"{url}{agreement}/documents/{number}?lang={language}")
                assert number in await page.run("document.body.innerText")
                await looked_at(page, f"{number}-{language}-{width}")
                await on_paper(page, f"{number}-{language}")
        assert page.errors == []


@in_test_all
async def test_what_is_due_next_is_read_on_every_screen(
    address: tuple[str, str, Client], browsing: Browsing
) -> None:
    url, _, manager = address
    async with browsing() as page:
        await as_client(page, manager)
        for language, (width, height) in SCREENS:
            await page.sized(width, height)
            await page.open(f"{url}/desk/due?lang={language}")
            text: str = await page.run("document.body.innerText")
            assert [words for words in ("Overdue", "邮件收不到") if words not in text] == []
            right = "document.querySelector('table').getBoundingClientRect().right"
            assert await page.run(f"{right} <= innerWidth"), "all columns are seen"
            await looked_at(page, f"due-{language}-{width}")
            await page.open(f"{url}/desk/due?lang={language}&overdue=false")
            cells: str = await page.run("document.querySelector('table').innerText")
            assert ("Overdue" in cells, "邮件收不到" in cells) == (False, True)
        assert page.errors == []
