"""Settings of mail and sign-in: what holds, where it is set, and a test mail to oneself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from app.common.people import Role, rule_caller
from tests.client import Api, Client
from tests.desk.sent_forms import said
from tests.desk.test_pages import page, send
from tests.notifications.test_mail import Server
from tests.notifications.test_mail import postbox as postbox  # noqa: PLC0414  # a fixture
from tests.people import act

MAIL = "/desk/settings/mail"


@pytest.fixture
async def admin(api: Api) -> Client:
    return await api.client("Ada", Role.admin)


def _set(api: Api, **changed: Any) -> None:
    api.ledger.settings = api.ledger.settings.model_copy(update=changed)


async def test_a_test_mail_goes_to_the_reader_and_its_result_is_said(
    api: Api, admin: Client, postbox: Server
) -> None:
    html = await page(admin, MAIL)
    assert "No mail is sent: no mail server is set." in html
    assert "no mail server is set" in said((await send(admin, MAIL)).text)
    password = "hunter2-hunter2"  # of nobody
    server = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_tls": "none"}
    _set(api, **server, mail_from="desk@example.com", imap_password=SecretStr(password))
    answer = await send(admin, MAIL)
    assert "accepted a mail to ada@example.org" in said(answer.text)
    assert [(mail["To"], mail["Subject"]) for mail in postbox.mails] == [("ada@example.org", "Test mail")]
    person = api.ledger.lifecycles["person"]["edit"].body
    nowhere = person.model_validate({"email": None})
    postbox.answer = "550 no"
    assert "refused the mail to ada@example.org" in said((await send(admin, MAIL)).text)
    postbox.answer = "421 later"
    assert (await admin.post_ok("/v1/test_mails"))["outcome"] == "failed"
    await act(api.ledger, rule_caller("tests"), "person", "edit", admin.id, nowhere)
    assert "you have no valid mail address" in said((await send(admin, MAIL)).text)
    html = await page(admin, MAIL)
    assert ("LEDGERDESK_SMTP_HOST" in html, "Set, but not shown" in html, password in html) == (
        True,
        True,
        False,
    )


async def test_the_page_of_sign_in_says_how_people_sign_in(api: Api, admin: Client) -> None:
    html = await page(admin, "/desk/settings/sign-in", **{"accept-language": "zh"})
    assert "用户使用密钥登录" in html
    _set(api, oidc_client_id="desk", oidc_client_secret=SecretStr("of-the-client"))
    html = await page(admin, "/desk/settings/sign-in")
    assert ("organisation’s account" in html, "of-the-client" in html) == (True, False)


async def test_settings_are_for_administrators_alone(api: Api, postbox: Server) -> None:
    agent = await api.client("Lin", Role.agent)
    _set(api, smtp_host="127.0.0.1", smtp_port=postbox.port, smtp_tls="none")
    for method, path in (("GET", "/v1/installation_settings"), ("POST", "/v1/test_mails"), ("GET", MAIL)):
        assert (await agent.request(method, path)).status_code == 403, path
    assert postbox.mails == []
