"""Secrets that are shown once: the page that answers the form shows them, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

import app.main
from app.api.authentication import auth
from app.api.open_actions import action_link
from app.common.people import Role
from app.desk.contract import screen_contract
from app.desk.pages.form import own_ends
from app.registry import LIFECYCLES
from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form
from tests.people import ago

SHOWN = re.compile(r"<textarea readonly[^>]*>([^<]*)</textarea>")
#: The actions whose answers have what no later answer has.
ONCE = {
    ("key", "make"),
    ("key", "rotate"),
    ("subscription", "add"),
    ("subscription", "rotate"),
    ("webhook_source", "add"),
    ("webhook_source", "rotate"),
}


def test_these_actions_show_something_once() -> None:
    assert app.main.ROUTES, "bodies that stand for payloads are known once the routes are"
    links = [
        (lifecycle, row, action_link(lifecycle, row)) for lifecycle in LIFECYCLES for row in lifecycle.rows
    ]
    actions = {
        (lifecycle.kind, row.name)
        for lifecycle, row, link in links
        if screen_contract().secret_fields(link.method, link.href, lifecycle.plural)
    }
    assert actions == ONCE


async def filled(client: Client, path: str, **values: str) -> tuple[httpx.Response, dict[str, list[str]]]:
    """The answer to the form at the path with these values, and what was sent."""
    form = read_form((await client.get(path)).text)
    sent = form.inputs | {f"/{name}": [value] for name, value in values.items()}
    return await send_form(client, path, sent), sent


async def test_a_new_key_is_shown_once_and_works(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    answer, sent = await filled(admin, "/desk/new/key/make", name="CI robot", person="me")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), said(answer.text)
    (key,) = SHOWN.findall(answer.text)
    assert (await api.with_token(key).get("/v1/me")).status_code == 200
    again = await send_form(admin, "/desk/new/key/make", sent)
    assert (again.status_code, SHOWN.findall(again.text)) == (200, [])
    assert "The secret was shown then" in again.text
    path = re.findall(r'class="button leads" href="(/desk/key/[^"]+)"', answer.text)[0]
    assert key not in (await admin.get(path)).text
    rotated, _ = await filled(admin, f"{path}/rotate")
    (new,) = SHOWN.findall(rotated.text)
    assert new != key


async def test_the_form_of_a_key_says_when_it_ends_and_how_it_lasts_longer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await (await api.client("Admin", Role.admin)).post("/v1/sessions")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    browser = api.with_token(None, headers={"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
    fresh = said((await browser.get("/desk/new/key/make")).text)
    assert "end with your session" not in fresh
    page, _ = await filled(browser, "/desk/new/key/make", name="CI robot", person="me")
    assert "The key does not end." in said(page.text)
    monkeypatch.setattr(own_ends, "utc_now", lambda: datetime.now(UTC) + timedelta(minutes=16))
    monkeypatch.setattr(auth, "utc_now", lambda: datetime.now(UTC) + timedelta(minutes=16))
    for path in ("/desk/new/key/make", "/desk/changes"):
        late = (await browser.get(path)).text
        assert "end with your session" in late
        assert f'href="/sign-in?next={quote(path, safe="")}"' in late
    page, _ = await filled(browser, "/desk/new/key/make", name="CI robot", person="me")
    assert "The key ends:" in said(page.text)


async def test_who_rotates_a_key_sees_what_was_made_with_it_apart_from_the_secret(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    deputy = await api.client("Mei", Role.agent)
    answer, _ = await filled(admin, "/desk/new/key/make", name="CI robot", person="me")
    (token,) = SHOWN.findall(answer.text)
    times = {"from_at": ago(days=-1).isoformat(), "until_at": ago(days=-2).isoformat()}
    named = await api.with_token(token, UUID(admin.id)).post_ok(
        "/v1/deputies", {"deputy": deputy.id, **times}
    )
    path = re.findall(r'class="button leads" href="(/desk/key/[^"]+)"', answer.text)[0]
    rotated, _ = await filled(admin, f"{path}/rotate")
    assert len(SHOWN.findall(rotated.text)) == 1, said(rotated.text)
    assert f'href="/desk/deputy/{named["id"]}"' in rotated.text


async def test_a_source_shows_its_secret_and_the_address_that_its_tool_sends_to(api: Api) -> None:
    admin = await api.client("Admin", Role.admin)
    for adapter, key, address in (
        ("alertmanager", "alerts", "/v1/webhooks/alerts"),
        ("pagerduty_events", "pages", "/v2/enqueue"),
    ):
        answer, _ = await filled(
            admin, "/desk/new/webhook_source/add", adapter=adapter, key=key, title="Alerts"
        )
        secret, send_to = map(unescape, SHOWN.findall(answer.text))
        assert len(secret) >= 16
        assert send_to.endswith(address)
    own, _ = await filled(
        admin,
        "/desk/new/webhook_source/add",
        adapter="alertmanager",
        key="own",
        title="Own",
        secret="a8f3-0c1e-77aa-41d0",
    )
    assert own.status_code == 303, "a secret that the sender knows is not shown"
