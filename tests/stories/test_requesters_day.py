"""A requester's days in a browser: a search before a question, a request with its own form, a question
back, what is confirmed, mails, a fault that comes back, a survey; and no word that staff keep to themselves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx

from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import mail
from app.platform.db import connect
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.automation.worker import Worker
from tests.client import ADDRESS, RESOLVED, Api, Client, Json
from tests.desk.sent_forms import FORM, read_form, said
from tests.desk.test_portal import fill, offered_item, page
from tests.extent import in_test_all
from tests.governance.surveys.conftest import QUESTIONS, now
from tests.notifications.test_mail import Server, of
from tests.notifications.test_mail import postbox as postbox  # noqa: PLC0414  # a fixture
from tests.processes.articles.test_articles import published
from tests.stories.test_agents_day import sign_in
from tests.stories.test_asking_and_confirming import ASSESSED, WANTED

ZHAO, LINK = "zhao@example.org", "https://desk.example.org"
SECRET = "He calls each week."


async def _mailing(api: Api, postbox: Server) -> None:
    """Notices go out by that server, with links to the pages."""
    more = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_tls": "none"}
    more |= {"mail_from": "desk@example.com", "public_url": LINK, "rating_percent": 100}
    api.ledger.settings = api.ledger.settings.model_copy(update=more)


class Days:
    """A requester in a browser, those who answer them, and a worker with a clock of its own."""

    def __init__(self, api: Api, zhao: Client, lin: Client, quality: Client, postbox: Server) -> None:
        self.api, self.zhao, self.lin, self.quality, self.postbox = api, zhao, lin, quality, postbox
        self._now = datetime.now(UTC)

    async def work(self, **parts: float) -> list[str]:
        """So much time passes, what follows is done, and mails are sent. Gives the texts of those to the
        requester.
        """
        worker, before = Worker(self.api.ledger), len(of(self.postbox, ZHAO))
        self._now = max(self._now, datetime.now(UTC)) + timedelta(**parts)
        for _ in range(2):
            self._now += timedelta(seconds=61)
            await worker.work(self._now)
        assert worker.failures == []
        failures: list[str] = []
        connection = await connect(self.api.ledger.db.url, FOLLOW_LIMITS)
        try:
            await catch_up(connection, mail.consumer())
            await mail.send_due(
                connection, self.api.ledger, self._now, failed=lambda name, error: failures.append(str(error))
            )
        finally:
            await connection.close()
        assert failures == []
        return [f"{each['Subject']}\n{each.get_content()}" for each in of(self.postbox, ZHAO)[before:]]


@in_test_all
async def test_a_requesters_days(indexed: Api, postbox: Server) -> None:
    await _mailing(indexed, postbox)
    await indexed.team("desk")
    checklist = ["Create it", "Tell them"]
    await offered_item(indexed, title_template="Mailbox ({size}), {seats} seats", checklist=checklist)
    lin = await indexed.client("Lin", Role.agent, Role.engineer, teams=("desk",))
    quality = await indexed.client("Qi", Role.quality_manager, Role.admin)
    zhao = await sign_in(indexed, await indexed.client("Zhao Min"))
    days = Days(indexed, zhao, lin, quality, postbox)
    assert (await zhao.get("/")).headers["location"] == "/portal"
    await _an_article(days)
    await _a_mailbox(days)
    await _requirements(days)
    await _a_fault(days)
    await _a_survey(days)


async def _an_article(days: Days) -> None:
    """Searched first: the answer stands there, and the question whether it has helped."""
    editor = await days.api.client("Edi", Role.knowledge_editor)
    path = await published(days.lin, editor, title="The printer prints blank pages")
    number = (await days.zhao.read(path))["number"]
    results = await page(days.zhao, "/portal/search?q=printer")
    assert (f"/portal/article/{number}" in results, "/portal/report" in results) == (True, True)
    assert "Did this help?" in await page(days.zhao, f"/portal/article/{number}")
    assert "撕掉墨盒上的封条" in await page(days.zhao, f"/portal/article/{number}", "zh")


async def _a_mailbox(days: Days) -> None:
    """From the catalogue, by its own form; a question is answered, and a file added."""
    zhao, lin = days.zhao, days.lin
    assert "共享邮箱" in await page(zhao, "/portal/catalogue", "zh")
    form_path = "/portal/catalogue_item/mailbox"
    assert "/title" not in read_form(await page(zhao, form_path)).named
    answers = {"answers__seats": "4", "answers__size": "l"}
    opened = await fill(zhao, form_path, description="For us.", **answers)
    assert opened.status_code == 303, said(opened.text)
    address = opened.headers["location"].partition("?")[0]
    number, ticket = address.rpartition("/")[2], f"/v1/requests/{address.rpartition('/')[2]}"
    thanked = await page(zhao, opened.headers["location"])
    assert ("Mailbox (Large), 4 seats" in thanked, "Thank you" in thanked) == (True, True)
    assert address in await page(zhao, "/portal")

    await lin.post_ok(f"{ticket}/comment", {"text": SECRET, "visibility": "internal"})
    await lin.post_ok(f"{ticket}/hold", {"reason": "awaiting_requester", "question": "For which team?"})
    (text,) = await days.work()
    assert text.startswith(f"[{number}] Mailbox (Large), 4 seats")
    assert ("Question: For which team?" in text, f"{LINK}/portal/request/{number}" in text) == (True, True)
    assert "For which team?" in await page(zhao, address)
    assert (await fill(zhao, f"{address}/comment", text="For sales.")).status_code == 303
    form = read_form(await page(zhao, f"{address}/attach"))
    sent = {name: values[0] for name, values in form.inputs.items() if name != "/upload"}
    chosen = {"/upload": ("seats.txt", b"Four of us.")}
    attached = await zhao.post(f"{address}/attach", data=sent, files=chosen)
    assert attached.status_code == 303, said(attached.text)
    await days.work()
    html = await page(zhao, address)
    assert ("seats.txt" in html, "For sales." in html, "For which team?" in html) == (True, True, True)

    await lin.post_ok(f"{ticket}/assess", ASSESSED)
    await lin.post_ok(f"{ticket}/fulfil", {"delivered": "A mailbox.", "open_tasks_reason": "They know it."})
    (text,) = await days.work()
    assert ("Delivered: A mailbox." in text, f"{LINK}/rate/" in text) == (True, True)
    for language, words in (("en", "name what is missing within 7 days."), ("zh", "在 7 天内说明还缺什么")):
        assert words in await page(zhao, address, language)
    assert (await fill(zhao, f"{address}/close")).status_code == 303
    rated = await fill(zhao, f"{address}/rate", score="5")
    assert "Thank you" in await page(zhao, rated.headers["location"])
    for path in (address, ticket, f"{ticket}/events", f"{ticket}/comments"):
        assert SECRET not in (await zhao.get(path)).text, path
    assert SECRET not in "".join(each.get_content() for each in of(days.postbox, ZHAO))


async def _requirements(days: Days) -> None:
    """What a project is to do is confirmed by who asked for it, in the portal."""
    zhao, lin = days.zhao, days.lin
    group = {"key": "leave", "name": "验收组", "chair": zhao.id}
    await days.quality.post_ok("/v1/groups", group)
    opened = await fill(zhao, "/portal/ask", description="请假系统\nOn paper.")
    address = opened.headers["location"].partition("?")[0]
    ticket = f"/v1/requests/{address.rpartition('/')[2]}"
    await lin.post_ok(f"{ticket}/assess", ASSESSED | {"path": "project"})
    await lin.post_ok(f"{ticket}/propose_requirements", WANTED | {"heard": [zhao.id]})
    mails = await days.work()
    assert f"{LINK}{address}" in mails[-1]
    html = await page(zhao, address)
    assert ("余额正确" in html, f"{address}/agree_to_requirements" in html) == (True, True)
    assert (await fill(zhao, f"{address}/agree_to_requirements")).status_code == 303
    confirmed = await lin.read(ticket)
    assert (confirmed["state"], confirmed["requirements_confirmed_at"] is None) == (
        "requirements_confirmed",
        False,
    )


async def _a_fault(days: Days) -> None:
    """Reported, resolved, reopened since it is back, resolved again and confirmed."""
    zhao, lin = days.zhao, days.lin
    reported = {"description": "Mail is late.\nBy hours.", "how_bad": "one_hindered"}
    opened = await fill(zhao, "/portal/report", **reported)
    address = opened.headers["location"].partition("?")[0]
    ticket = f"/v1/incidents/{address.rpartition('/')[2]}"
    for action, body in (("assign", {"person": "me"}), ("start", {}), ("resolve", RESOLVED)):
        await lin.post_ok(f"{ticket}/{action}", body)
    await days.work()
    assert (await fill(zhao, f"{address}/reopen", reason="It is late again.")).status_code == 303
    await lin.post_ok(f"{ticket}/resolve", RESOLVED)
    await days.work()
    assert "reopen it within 7 days" in await page(zhao, address)
    assert (await fill(zhao, f"{address}/close")).status_code == 303
    assert (await zhao.read(ticket))["state"] == "closed"


async def _a_survey(days: Days) -> None:
    """The link in the mail needs no account."""
    survey: Json = {"title": "Working with the desk", "title_zh": "服务台满意度", "questions": QUESTIONS}
    survey |= {"anonymous": False, "persons": [days.zhao.id, days.lin.id, days.quality.id], "seed": 17}
    opens, ends = now() - timedelta(minutes=1), now() + timedelta(days=60)
    period = {"opens_at": opens.isoformat(), "ends_at": ends.isoformat()}
    await days.quality.post_ok("/v1/surveys", survey | period)
    mails = await days.work()
    (link,) = set(re.findall(rf"{LINK}(/survey/\S+)", mails[-1]))
    transport = httpx.ASGITransport(days.api.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as stranger:
        assert "速度如何？" in (await stranger.get(link, headers={"Accept-Language": "zh"})).text
        answered = await stranger.post(link, content="speed=5&wish=Nothing", headers=FORM)
    assert (answered.status_code, "Thank you" in said(answered.text)) == (200, True), said(answered.text)
