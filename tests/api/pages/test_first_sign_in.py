"""The first administrator of a new installation: a link, a name, and a key that is shown once."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

from app.api.authentication.first_administrator import LINK_HOURS, first_link
from app.cli.server.serve import address_of
from app.common.people import SETUP_ROLES, Role
from app.platform.settings import Settings
from tests.api.pages.browsers import browser_at, is_html
from tests.client import ADDRESS, Api

KEY = re.compile(r">(ldk_[^<]+)</textarea>")


def _link(api: Api, hours_ago: float = 0) -> str:
    made_at = datetime.now(UTC) - timedelta(hours=hours_ago)
    return first_link(ADDRESS, api.ledger.vault.fingerprint, made_at)


async def test_the_first_administrator_signs_in_by_the_link_and_keeps_a_key(api: Api) -> None:
    link = _link(api)
    async with browser_at(api.app) as browser:
        page = await browser.get(link, headers={"Accept-Language": "zh"})
        assert (page.status_code, is_html(page)) == (200, True)
        assert "您的姓名" in page.text
        fields = {"link": link.partition("link=")[2], "name": "  "}
        blank = await browser.post("/sign-in/first", data=fields)
        assert (blank.status_code, "set-cookie" in blank.headers) == (422, False)
        answer = await browser.post("/sign-in/first", data={**fields, "name": "Zhou Min"})
        assert answer.status_code == 200
        (key,) = KEY.findall(answer.text)
        assert 'href="/desk/first-steps"' in answer.text
        me = (await browser.get("/v1/me")).json()
        assert (me["person"]["name"], {grant["role"] for grant in me["roles"]}) == (
            "Zhou Min",
            set(SETUP_ROLES),
        )
        assert Role.auditor not in SETUP_ROLES
        assert (await browser.get("/desk")).status_code == 200
        second = await browser.post("/sign-in/first", data={**fields, "name": "Eve"})
        assert (second.status_code, KEY.findall(second.text)) == (410, [])
        assert (await browser.get(link)).status_code == 410
    async with browser_at(api.app) as later_browser:
        assert (await later_browser.post("/sign-in", data={"key": key})).status_code == 303


async def test_of_two_who_open_the_link_at_once_one_is_added(api: Api) -> None:
    fields = {"link": _link(api).partition("link=")[2], "name": "Ada"}
    async with browser_at(api.app) as first, browser_at(api.app) as second:
        sends = (browser.post("/sign-in/first", data=fields) for browser in (first, second))
        answers = await asyncio.gather(*sends)
    assert sorted(answer.status_code for answer in answers) == [200, 410]
    assert await api.ledger.db.value("select count(*) from fold.person") == 1


async def test_a_link_that_is_old_or_none_of_ours_opens_nothing(api: Api) -> None:
    ours = _link(api).partition("link=")[2]
    until, _, mac = ours.partition(".")
    forged = (f"{int(until) + 1}.{mac}", f"{until}.", "", "…", f"{'9' * 40}.{mac}", until)
    expired = _link(api, LINK_HOURS + 0.01).partition("link=")[2]
    async with browser_at(api.app) as browser:
        for token in (*forged, expired):
            page = await browser.get("/sign-in/first", params={"link": token})
            answer = await browser.post("/sign-in/first", data={"link": token, "name": "Eve"})
            assert (page.status_code, answer.status_code) == (403, 403), token
        from_elsewhere = {"Origin": "https://evil.example.org", "Sec-Fetch-Site": "cross-site"}
        fields = {"link": ours, "name": "Eve"}
        assert (await browser.post("/sign-in/first", data=fields, headers=from_elsewhere)).status_code == 403
    assert await api.ledger.db.value("select count(*) from fold.person") == 0


def test_the_link_leads_to_an_address_that_a_browser_can_open() -> None:
    places = (("0.0.0.0", None), ("::1", None), ("127.0.0.1", "https://desk.example.org"))
    settings = [Settings.model_construct(host=host, port=8000, public_url=url) for host, url in places]
    addresses = ["http://localhost:8000", "http://[::1]:8000", "https://desk.example.org"]
    assert [address_of(each) for each in settings] == addresses
