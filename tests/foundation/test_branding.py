"""The branding: who sets it, which colours and pictures are taken, and where pages and mails show it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from app.foundation.branding.brandings import LARGEST_LOGO
from app.foundation.branding.contrast import contrast_with_white
from tests.client import Api, Client
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.test_pages import page, send
from tests.notifications.test_mail import Server
from tests.notifications.test_mail import postbox as postbox  # noqa: PLC0414  # a fixture

PATH, FORM = "/v1/brandings", "/desk/settings/branding"
NAME = "Desk of Müller & Söhne"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


async def _upload(client: Client, content: bytes) -> dict[str, Any]:
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=content)
    assert answer.status_code == 200, answer.text
    return {"upload": answer.json()["id"], "file_name": "logo.png"}


async def test_heads_of_pages_and_mails_show_what_an_administrator_has_set(api: Api, postbox: Server) -> None:
    admin, stranger = await api.client("Ada", Role.admin), api.with_token(None)
    assert ">Ledgerdesk</a>" in await page(admin, "/desk")
    assert (await stranger.get("/branding/logo")).status_code == 404
    inputs = read_form(await page(admin, FORM)).inputs | {"/name": [NAME]}
    pale = await send_form(admin, "/desk/new/branding/add", inputs | {"/colour": ["#9ACD32"]})
    assert "has a contrast of 1.88:1; at least 4.5:1" in said(pale.text)
    answer = await send_form(admin, "/desk/new/branding/add", inputs | {"/colour": ["#1F5FA8"]})
    assert answer.status_code == 303, said(answer.text)
    record = (await admin.get(FORM)).headers["location"].rpartition("/")[2]
    await admin.post_ok(f"{PATH}/{record}/set_logo", await _upload(admin, PNG))

    for client, path in ((admin, "/desk"), (admin, "/portal"), (admin, "/dashboard"), (stranger, "/sign-in")):
        answer = await client.get(path)
        assert NAME.replace("&", "&amp;") in answer.text, path
        policy = answer.headers["content-security-policy"]
        assert ("style-src 'self'" in policy, "img-src 'self'" in policy, "style=" in answer.text) == (
            True,
            True,
            False,
        ), path
        assert '<link rel="stylesheet" href="/branding/style.css?1f5fa8">' in answer.text, path
        assert '<img src="/branding/logo?' in answer.text, path
    assert "#1f5fa8" in (await stranger.get("/branding/style.css")).text
    logo = await stranger.get("/branding/logo")
    assert (logo.content, logo.headers["content-type"]) == (PNG, "image/png")
    assert "sandbox" in logo.headers["content-security-policy"]

    changed = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_tls": "none"}
    api.ledger.settings = api.ledger.settings.model_copy(update={**changed, "mail_from": "desk@example.com"})
    await send(admin, "/desk/settings/mail")
    assert postbox.mails[0]["From"].addresses[0].display_name == NAME

    await admin.post_ok(f"{PATH}/{record}/remove_logo")
    await admin.post_ok(f"{PATH}/{record}/revise", {"name": "Help", "colour": "#000000"})
    html = await page(admin, "/desk")
    assert (">Help</a>" in html, "<img" in html) == (True, False)
    events = (await admin.read(f"{PATH}/{record}/events"))["items"]
    assert [event["type"].partition(".")[2] for event in events] == [
        "added",
        "logo_set",
        "logo_removed",
        "revised",
    ]


async def test_a_picture_that_could_hold_a_script_or_is_large_is_refused(api: Api) -> None:
    admin, agent = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    body = {"name": NAME, "colour": "#1f5fa8"}
    assert (await agent.post(PATH, json=body)).status_code == 403
    path = f"{PATH}/{(await admin.post_ok(PATH, body))['id']}/set_logo"
    for content, because in ((SVG, "PNG, JPEG"), (PNG + bytes(LARGEST_LOGO), "at most 65,536 bytes")):
        answer = await admin.post(path, json=await _upload(admin, content))
        assert (answer.status_code, because in answer.text) == (422, True), answer.text


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#000000", 21), ("#ffffff", 1), ("#767676", 4.54), ("#777777", 4.48)]
)
def test_the_contrast_is_that_of_the_guidelines(colour: str, ratio: float) -> None:
    assert contrast_with_white(colour) == pytest.approx(ratio, abs=0.005)
