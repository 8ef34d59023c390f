"""What a seed made worst, read from the pages alone: by their own links, in three clicks at most."""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import httpx
import pytest

from app.kpis.questions.periods import Grain
from app.kpis.questions.written_periods import period_key
from tests.attention.planted import KEY, Planted, Site, drawn
from tests.attention.reading import rows_of
from tests.client import ADDRESS, Client
from tests.extent import in_test_all

LINK = re.compile(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
PAGE_OF_KPI = re.compile(r"/dashboard/kpi/\w+(\?|$)")
NUMBER_OF_CASES = re.compile(r'id="cases">[^<]*?: ([\d,]+) cases')
MOST_CLICKS = 3


@dataclass
class Walk:
    """Somebody who opens home, and goes on by the links of the pages alone."""

    client: Client
    html: str = ""
    clicks: int = 0

    async def get(self, address: str) -> httpx.Response:
        headers = {
            "Accept": "text/html",
            "Authorization": f"Bearer {self.client.token}",
            "Sec-Fetch-Site": "same-origin",
        }
        transport = httpx.ASGITransport(self.client.app)
        async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as browser:
            answer = await browser.get(address, headers=headers, follow_redirects=True)
        assert answer.status_code == 200, (address, answer.text)
        return answer

    async def home(self, **parameters: str) -> None:
        self.html = (await self.get(str(httpx.URL("/dashboard", params=parameters)))).text
        self.clicks = 0

    def links(self, html: str | None = None) -> list[tuple[str, str]]:
        """The links of the page, or of a part of it: their addresses and words."""
        return [
            (unescape(address), unescape(TAG.sub("", words)).strip())
            for address, words in LINK.findall(self.html if html is None else html)
        ]

    async def click(self, words: str) -> None:
        """Follow the first link of the page with those words."""
        address = next(address for address, text in self.links() if words in text)
        self.html = (await self.get(address)).text
        self.clicks += 1
        assert self.clicks <= MOST_CLICKS

    def reaches(self, address: str) -> None:
        """The page has that link, which is not a click too far."""
        assert address in {address for address, _ in self.links()}
        assert self.clicks < MOST_CLICKS

    def text(self) -> str:
        return unescape(self.html)

    def sentences(self) -> list[str]:
        """The sentences that need attention, in their order."""
        (listed,) = re.findall(r'<ol class="sentences".*?</ol>', self.html, re.DOTALL)
        return [words for _, words in self.links(listed)]

    def number_of_cases(self) -> int:
        (number,) = NUMBER_OF_CASES.findall(self.text())
        return int(number.replace(",", ""))

    async def rows(self) -> int:
        """The number of rows of the page's table of cases."""
        address = next(address for address, _ in self.links() if "/cases.csv" in address)
        return len(list(csv.DictReader(io.StringIO((await self.get(address)).text))))

    async def cases(self) -> int:
        """The number of cases of the page's call of the API."""
        address = next(address for address, _ in self.links() if re.match(r"/v1/kpis/\w+/cases", address))
        return await rows_of(self.client, address)


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(40, id="all together miss"),
        pytest.param(6, id="only the team and the service miss", marks=in_test_all),
    ],
)
async def test_what_is_worst_stands_first_and_its_cases_are_two_clicks_away(site: Site, hours: float) -> None:
    seed = random.randrange(10**6)
    planted = drawn(random.Random(seed), site)
    await site.fill(random.Random(seed), planted, hours)
    walk = Walk(site.reader)
    await walk.home(period=site.named(planted.month))
    first, *_ = walk.sentences()
    team = f"The {planted.team} team"
    assert team in first or planted.service in first, (seed, first)
    if hours == 40:
        assert first.endswith(f"mostly {team}, and {planted.service}"), (seed, first)
    await walk.click(first)
    assert walk.number_of_cases() == await walk.rows() == await walk.cases() == (36 if hours == 40 else 12)
    walk.reaches(f"/desk/incident/{site.heaviest[0]}")


@in_test_all
async def test_home_of_a_week_names_what_was_missed_in_it(site: Site) -> None:
    planted = Planted(site.months()[-1], "net", "vpn")
    await site.fill(random.Random(7), planted, 200)
    day = (planted.month + timedelta(days=11, hours=12)).astimezone(site.zone).date()
    walk = Walk(site.reader)
    await walk.home(period=period_key(Grain.week, day))
    first, *_ = walk.sentences()
    assert " weeks; mostly The net team, and vpn" in first
    await walk.click(first)
    assert walk.number_of_cases() == await walk.rows() == await walk.cases() > 0


@in_test_all
async def test_which_team_got_worse_in_which_month_and_its_three_heaviest_cases(site: Site) -> None:
    seed = random.randrange(10**6)
    planted = drawn(random.Random(seed), site)
    await site.fill(random.Random(seed), planted, 40)
    walk = Walk(site.reader)
    await walk.home()
    await walk.click("Mean time to resolve")
    month = f"{planted.month.astimezone(site.zone):%b %Y}"
    sentence = f"Largest effect for the worse: The {planted.team} team in {month}"
    assert sentence in walk.text(), seed
    await walk.click(sentence)
    (heavy,) = re.findall(r"Heaviest cases: (.*?)</p>", walk.html)
    assert [words for _, words in walk.links(heavy)] == site.heaviest[:3], seed
    assert walk.number_of_cases() == await walk.rows() == await walk.cases() == 12
    walk.reaches(f"/desk/incident/{site.heaviest[2]}")


@in_test_all
async def test_every_number_of_the_watched_figures_and_of_their_parts_is_that_of_its_list(site: Site) -> None:
    await site.fill(random.Random(7), Planted(site.months()[-1], "net", "vpn"), 40)
    walk, counted = Walk(site.reader), 0
    await walk.home()
    (table,) = re.findall(r'<table class="figures">.*?</table>', walk.html, re.DOTALL)
    # Beside each figure stand what can be taken along, too: no pages.
    addresses = [address for address, _ in walk.links(table) if PAGE_OF_KPI.match(address)]
    for address in addresses:
        page = Walk(site.reader, (await walk.get(address)).text)
        if not NUMBER_OF_CASES.search(page.text()):
            continue
        assert page.number_of_cases() == await page.rows() == await page.cases(), address
        parts = page.html.partition('id="moved"')[2].partition('id="by-time"')[0]
        for row in re.findall(r'<tr><th scope="row"><a.*?</tr>', parts, re.DOTALL):
            ((part_address, name),) = page.links(row)
            part = Walk(site.reader, (await walk.get(part_address)).text)
            number = int(re.findall(r"<td>([\d,]+)</td>", row)[0].replace(",", ""))
            assert number == part.number_of_cases() == await part.rows() == await part.cases(), name
            counted += number
    assert counted > 0


@in_test_all
async def test_whether_a_change_helped_is_a_click_from_home(site: Site) -> None:
    await site.fill(random.Random(7), Planted(site.months()[-2], "net", "vpn"), 40)
    before, after, end = (
        f"{begin.astimezone(site.zone):%Y-%m-%d}"
        for begin in (*site.months()[-2:], site.months()[-1] + timedelta(days=27))
    )
    form = {"kpi": KEY, "before_from": before, "before_to": after, "after_from": after, "after_to": end}
    headers = {"Authorization": f"Bearer {site.reader.token}", "Sec-Fetch-Site": "same-origin"}
    headers["Accept"] = "text/html"
    transport = httpx.ASGITransport(site.reader.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as browser:
        answer = await browser.post("/dashboard/effects", data=form, headers=headers)
    assert answer.status_code == 303, answer.text
    (effect,) = (await site.reader.read("/v1/effects"))["items"]
    walk = Walk(site.reader)
    await walk.home()
    await walk.click("Did it help?")
    assert effect["sentence"] in walk.text()


@in_test_all
async def test_with_nothing_planted_home_says_that_nothing_needs_attention(site: Site) -> None:
    await site.fill(random.Random(7), None, 0)
    walk = Walk(site.reader)
    await walk.home()
    assert "Nothing needs attention." in walk.text()
    assert '<ol class="sentences"' not in walk.html
