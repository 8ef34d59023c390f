"""Pages and forms of the demo have no backtick, null, path, UUID, code of the program or raw seconds in their
own words, in both languages.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from app.api.open_actions import action_link
from app.desk.contract import screen_contract
from app.desk.forms.fields import FormField
from app.i18n import LANGUAGES
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES
from tests.browser.page_kinds import (
    ALL,
    OPENED_BY_DASHBOARD,
    PAGES,
    PageKind,
    demo_readers,
    names_in_demo,
)
from tests.browser.visits import is_page, shape_of
from tests.client import ADDRESS, Client, serving
from tests.conftest import DEMO, Server, fresh
from tests.extent import WHOLE, in_test_all
from tests.fixtures import UNCHANGED
from tests.words.machine_words import faults_of_page, faults_of_text
from tests.words.shown import shown_texts

#: Readers whose pages are followed from link to link, and the pages from which they start.
ROLES = (ALL, "agent", "change_manager", "quality_manager", "committee_member", "requester", "auditor")
STARTS = ("/", "/portal", "/desk", "/desk/all", "/desk/changes", "/dashboard")
#: Pages of one shape that are read at most: they differ by their data.
MOST_OF_A_SHAPE = 3
#: The demo has records for the forms of more actions than that.
MOST_FORMS = 500
#: Documents have no pages of their own: they stand on those of the records that made them.
WITHOUT_PAGES = frozenset({"document"})
LINK = re.compile(r"""<a[^>]* href="([^"#]+)""")
#: Documents of the API for programmers, whose codes are what they are read for.
FOR_PROGRAMMERS = frozenset({"api/service/docs_page.html", "api/service/problem_kinds.html"})
FOR_PROGRAMMERS |= {"api/service/problem_kind.html"}
#: Settings name the variables that set them, first steps the address of the portal, and the report of an
#: audit what anybody needs to compute its seed.
FOR_PROGRAMMERS |= {"desk/settings_pages/settings.html", "desk/first_steps/first_steps.html"}
FOR_PROGRAMMERS |= {"governance/audits/report.html"}


@dataclass
class Demo:
    """The demo's readers, and what stands for the names in paths of its pages."""

    readers: dict[str, Client]
    names: dict[str, str]


@pytest.fixture(scope="module")
async def demo(server: Server, demo_secrets: Path) -> AsyncIterator[Demo]:
    """The demo, which these tests only read."""
    async with contextlib.AsyncExitStack() as stack:
        place = stack.enter_context(fresh(server, DEMO))
        api = await stack.enter_async_context(serving(place.url, demo_secrets, UNCHANGED))
        readers = await demo_readers(api)
        yield Demo(readers, await names_in_demo(api, readers))


def links_of(path: str, html: str) -> Iterator[str]:
    """Yield the paths of pages that the page links to."""
    for href in LINK.findall(html):
        parts = urlsplit(urljoin(path, unescape(href)))
        if not parts.netloc and is_page(parts.path):
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path


async def form_path(reader: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str | None:
    """Return the path of the form of the action, on a record of the demo; None if there is no such record."""
    if row.opens:
        return f"/desk/new/{lifecycle.kind}/{row.name}"
    answer = await reader.get(f"/v1/{lifecycle.plural}", params={"limit": "1"})
    records = answer.json()["items"] if answer.status_code == 200 else []
    if not records or lifecycle.kind in WITHOUT_PAGES:
        return None
    return f"/desk/{lifecycle.kind}/{records[0]['id']}/{row.name}"


async def read_page(reader: Client, path: str, language: str) -> httpx.Response:
    """Return the page as a browser reads it; its operation may be in no contract."""
    headers = {
        "Accept": "text/html, */*;q=0.5",
        "Accept-Language": language,
        "Authorization": f"Bearer {reader.token}",
    }
    transport = httpx.ASGITransport(reader.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, follow_redirects=True) as browser:
        return await browser.get(path, headers=headers)


async def faults_at(reader: Client, path: str) -> list[str]:
    """Return what is wrong with the words of the page in each language."""
    faults = []
    for language in LANGUAGES:
        answer = await read_page(reader, path, language)
        assert answer.status_code == 200, f"{path}: {answer.text[:400]}"
        faults += [f"{path} ({language}): {fault}" for fault in faults_of_page(path, answer.text)]
    return faults


def pages_for_people() -> list[PageKind]:
    return [kind for kind in PAGES if kind.template not in FOR_PROGRAMMERS]


def form_size(fields: tuple[FormField, ...]) -> int:
    return sum(1 + form_size(field.inner_fields) for field in fields)


def largest_form(lifecycle: Lifecycle[Any]) -> Action[Any, Any]:
    """Return the action of the kind whose form has the most fields."""
    return max(lifecycle.rows, key=lambda row: form_size(form_fields(lifecycle, row)))


def form_fields(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> tuple[FormField, ...]:
    contract, schema = screen_contract(), action_link(lifecycle, row).body_schema
    return contract.form(schema).fields if schema in contract.document["components"]["schemas"] else ()


def texts_of_fields(fields: tuple[FormField, ...], language: str) -> Iterator[str]:
    """Yield the labels, help and choices of the fields and of those within them."""
    for field in fields:
        yield field.text(language)
        yield field.help_words.get(language, "")
        yield from (choice.words.get(language, "") for choice in field.choices)
        yield from texts_of_fields(field.inner_fields, language)


def test_no_field_of_a_form_has_words_of_the_program() -> None:
    """All fields of all actions, rows that a form shows only when asked for among them."""
    faults = [
        f"{lifecycle.kind} {row.name} ({language}): {fault}"
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for language in LANGUAGES
        for text in texts_of_fields(form_fields(lifecycle, row), language)
        for fault in faults_of_text(f"/desk/{lifecycle.kind}/", text)
    ]
    assert not faults, "\n".join(faults)


async def test_a_page_of_each_template_has_no_words_of_the_program(demo: Demo) -> None:
    faults = [
        fault
        for kind in pages_for_people()
        if WHOLE or kind.template not in OPENED_BY_DASHBOARD
        for fault in await faults_at(demo.readers[kind.reader], kind.path.format_map(demo.names))
    ]
    assert not faults, "\n".join(faults)


async def test_the_largest_form_of_each_kind_has_no_words_of_the_program(demo: Demo) -> None:
    faults = []
    for lifecycle in LIFECYCLES:
        path = await form_path(demo.readers[ALL], lifecycle, largest_form(lifecycle))
        if path is not None:
            faults += await faults_at(demo.readers[ALL], path)
    assert not faults, "\n".join(faults)


@in_test_all
async def test_no_form_has_words_of_the_program(demo: Demo) -> None:
    reader, faults, count = demo.readers[ALL], [], 0
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            path = await form_path(reader, lifecycle, row)
            if path is not None:
                count += 1
                faults += await faults_at(reader, path)
    assert count > MOST_FORMS
    assert not faults, "\n".join(faults)


@in_test_all
@pytest.mark.parametrize("role", ROLES)
async def test_no_page_that_links_lead_to_has_words_of_the_program(demo: Demo, role: str) -> None:
    reader, waiting = demo.readers[role], list(STARTS)
    addresses, shapes, faults = set(waiting), Counter(map(shape_of, waiting)), []
    while waiting:
        path = waiting.pop(0)
        for language in LANGUAGES:
            answer = await read_page(reader, path, language)
            if "html" not in answer.headers["content-type"]:
                continue
            faults += [f"{path} ({language}): {fault}" for fault in faults_of_page(path, answer.text)]
            for link in links_of(path, answer.text):
                if link not in addresses and shapes[shape_of(link)] < MOST_OF_A_SHAPE:
                    addresses.add(link)
                    shapes[shape_of(link)] += 1
                    waiting.append(link)
    assert len(addresses) > len(STARTS)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("html", "sign"),
    [
        ("<p>The state is `open`.</p>", "a backtick"),
        ("<label>Owner</label><div>The owner, or null.</div>", "null"),
        ("<button title='Key of the service'>Choose</button>", "key of"),
        ("<p>See /v1/incidents for more.</p>", "a path"),
        ("<td>01a22668-eb2f-7001-995d-14936a44fb9a</td>", "a UUID"),
        ("<option>awaiting_approval</option>", "a code"),
        ("<text>2026-05-08T08:25:39Z</text>", "an instant"),
        ("<p>within 3600 s</p>", "seconds"),
        ("<p>时长以秒计</p>", "seconds"),
        ("<p>Configuration as <code>JSON</code></p>", "a value to be copied"),
    ],
)
def test_a_sign_of_a_program_is_found(html: str, sign: str) -> None:
    assert {fault.partition(":")[0] for fault in faults_of_page("/desk", html)} == {sign}


def test_words_of_people_and_what_they_type_are_no_signs() -> None:
    page = (
        "<script>null</script><textarea>`x`</textarea><input value='in_progress'><p>48 min 10 s, 1 h, "
        "and/or, 48 分 10 秒, somebody@example_host.org</p><kbd>Esc</kbd>"
    )
    assert list(faults_of_page("/desk", page)) == []
    assert shown_texts(page)[0].startswith("48 min")
