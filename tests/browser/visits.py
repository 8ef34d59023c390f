"""Visits of pages in a browser: what is wrong with each, and where its links lead."""

from __future__ import annotations

import asyncio
import json
import re
import time
from urllib.parse import parse_qsl, urlsplit

from tests.browser.chromium import Page
from tests.browser.test_desk import as_client
from tests.client import Client

#: How long a page may take to show what it is for, on a machine that is busy with other tests.
SECONDS = 60
LOOK_SECONDS = 0.05
#: Paths that are pages for people; documents that print are below /v1.
PAGES = re.compile(
    r"/$|/(desk|portal|dashboard|docs|problems|sign-in)(/|$)|/v1/.*/(documents|page|report)(/|$)"
)
#: Files, streams and what changes something.
NOT_PAGES = re.compile(r"\.(csv|ics|json|svg|xlsx?)$|/static/|/content$|/frozen(/|$)")
#: Parts of a path that name one record of many.
NAME = re.compile(r"^([A-Z]{2,3}-?\d{4}-?\d+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+)$")
#: After these, a part of a path is a key.
BEFORE_KEYS = frozenset({"problems", "kpi", "catalogue_item", "team", "service"})
LINKS = (
    "[...document.querySelectorAll('a[href]:not([download])')]"
    ".map((link) => new URL(link.getAttribute('href'), location.href).href)"
)
IS_VISIBLE = "[...document.querySelectorAll({})].some((element) => element.checkVisibility())"
OWN_CONTENT = "main h1, main h2, main p, main table, body > h1, form"


async def faults_of(page: Page, address: str, selector: str) -> list[str]:
    """Open the address and return what its console complains of, and whether the selector is not visible."""
    page.errors.clear()
    await page.open(address)
    deadline = time.monotonic() + SECONDS
    while not await page.run(IS_VISIBLE.format(json.dumps(selector))):
        if page.errors or time.monotonic() > deadline:
            return [*page.errors, f"{selector} is not visible"]
        await asyncio.sleep(LOOK_SECONDS)
    return list(page.errors)


def shape_of(address: str) -> str:
    """Return the address without the names of records, values of parameters and the host: pages of one shape
    differ only by their data.
    """
    parts = urlsplit(address)
    steps = parts.path.split("/")
    path = "/".join(
        "*" if NAME.match(step) or before in BEFORE_KEYS else step
        for before, step in zip(["", *steps], steps, strict=False)
    )
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return f"{path}?{'&'.join(names)}" if names else path


async def crawl(page: Page, url: str, reader: Client, starts: tuple[str, ...], most: int) -> list[str]:
    """Follow links as the reader, to one page of each shape and so many at most; return a line for each page
    with faults.
    """
    await as_client(page, reader)
    waiting = [f"{url}{start}" for start in starts]
    shapes = {shape_of(address) for address in waiting}
    faulty = []
    while waiting and most:
        address, most = waiting.pop(0), most - 1
        faults = await faults_of(page, address, OWN_CONTENT)
        if faults:
            faulty.append(f"{address.removeprefix(url)}: {'; '.join(faults)}")
        links = [link.partition("#")[0] for link in await page.run(LINKS)]
        for link in links:
            if not link.startswith(f"{url}/") or not is_page(link) or shape_of(link) in shapes:
                continue
            shapes.add(shape_of(link))
            waiting.append(link)
    return faulty


def is_page(address: str) -> bool:
    """Return whether the address is that of a page for people."""
    path = urlsplit(address).path
    return PAGES.search(path) is not None and NOT_PAGES.search(path) is None
