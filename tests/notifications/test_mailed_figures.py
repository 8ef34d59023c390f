"""One number, one meaning, in notices and mails: every figure in them is the API's figure of that name, of
the same clock; in both languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from app.automation.agreements import watch_clocks
from app.common.people import Role
from app.i18n import LANGUAGES
from app.kernel.access.directory import LOGIN_SETTLES
from app.kpis.facts.consumer import FACTS
from app.log.canonical import from_instant
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import mail
from app.platform.db import Connection, connect
from app.platform.settings import PROJECT
from app.processes.improvements.effects.measuring import KEPT_PERCENT
from app.subscriptions.backoff import WARNING_PERIOD
from app.ticketing.satisfaction.complaints import ANSWERED_WITHIN_WORKING_DAYS
from app.webhooks.sources.silence import TIMES_USUAL
from tests.api.test_expand import HOURS
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.extent import first_of, in_test_all
from tests.foundation.services.test_catalogue import a_service
from tests.notifications.test_mail import Server, of, postbox  # noqa: F401  # fixture
from tests.people import ago
from tests.service_levels.agreements.samples import Parties, the_parties
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TO_ME: Json = {"team": "mail", "person": "me"}
#: Of each sentence with figures of records, what they are; each is compared below with the API's.
COMPARED = {
    "resolved": {"days"},
    "resolved_finally": set(),
    "delivered": {"days"},
    "delivered_finally": set(),
    "target_close": {"percent"},
    "target_close_due": {"percent", "due"},
    "target_missed": set(),
    "target_missed_due": {"allowed", "due"},
    "agreement_ends": {"day"},
}
#: Of each sentence with a figure that is the same for all, the figure and how each language writes it.
FIXED = {
    "login_changed": (LOGIN_SETTLES.days, 30, ("For 30 days", "30 天内")),
    "complained": (ANSWERED_WITHIN_WORKING_DAYS, 5, ("within five working days", "五个工作日内")),
    "fell_silent": (TIMES_USUAL, 5, ("more than five times its usual interval", "超过平常间隔的五倍")),
    "deliveries_failing": (WARNING_PERIOD.days, 2, ("for two days", "连续失败两天")),
    "benefit_faded": (KEPT_PERCENT, 80, ("Less than four fifths of its effect", "不足原来的 80%")),
}
#: What is no figure in a sentence.
WORDS = {"number", "title", "reason", "metric", "agreement", "code"}
FIGURES = {
    "en": re.compile(
        r"\d|%|\b(two|three|four|five|six|seven|eight|nine|ten|half|twice|thirds?|fifths?|"
        r"hours?|days?|weeks?|times)\b"
    ),
    "zh": re.compile(r"\d|%|[二两三四五六七八九十百半]+(?:个|倍|天|日|次|周|分|小时)|分之|天内"),
}


def sentences(language: str) -> dict[str, str]:
    """All sentences of notices in that language."""
    texts = tomllib.loads((PROJECT / f"app/i18n/{language}.toml").read_text(encoding="utf-8"))
    notice: dict[str, str] = texts["notice"]
    return notice


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sentence_with_a_figure_is_compared_here(language: str) -> None:
    for name, sentence in sentences(language).items():
        placeholders = set(re.findall(r"\{(\w+)\}", sentence)) - WORDS
        assert placeholders == COMPARED.get(name, set()), f"{name}: compare it with what the API says"
        if FIGURES[language].search(re.sub(r"\{\w+\}", "", sentence)):
            assert name in COMPARED or name in FIXED, f"{name}: compare it with what the API says"


@pytest.mark.parametrize("name", FIXED)
def test_a_figure_that_is_the_same_for_all_is_the_one_that_is_kept(name: str) -> None:
    constant, figure_told, words = FIXED[name]
    assert constant == figure_told
    for language, written in zip(("en", "zh"), words, strict=True):
        assert written in sentences(language)[name]


@dataclass
class Posted:
    """A service desk whose notices go out by mail, and are read over HTTP."""

    api: Api
    postbox: Server
    worker: Worker
    follower: Connection
    failures: list[str] = field(default_factory=list)

    async def work(self, now: datetime | None = None) -> None:
        """The worker does what there is to do by then, and some minutes later all of it has been told."""
        now = now or datetime.now(UTC)
        await catch_up(self.follower, FACTS)
        while await watch_clocks.fire_due(self.follower, self.api.ledger, now, failed=self._failed):
            await catch_up(self.follower, FACTS)
        for later in (now, now + timedelta(minutes=5)):
            await self.worker.work(later)
            await catch_up(self.follower, mail.consumer())
            while await mail.send_due(self.follower, self.api.ledger, later, failed=self._failed):
                pass
        assert self.failures == []
        assert self.worker.failures == []

    def _failed(self, name: str, error: Exception) -> None:
        self.failures.append(f"{name}: {error}")

    async def told(self, client: Client, language: str = "en") -> str:
        """What somebody reads in their notices, which their mails say, too, in their own language."""
        answer = await client.get(
            "/v1/notices", params={"person": "me"}, headers={"Accept-Language": language}
        )
        texts = [item["text"] for item in answer.json()["items"]]
        if language == "en":
            name = (await client.read("/v1/me"))["person"]["name"]
            parts = [
                mail_sent.get_body(("plain",))
                for mail_sent in of(self.postbox, f"{name.split()[0].lower()}@example.org")
            ]
            mails = "".join(part.get_content() for part in parts if part is not None).replace("\r\n", "\n")
            assert [line for text in texts for line in text.splitlines() if line not in mails] == []
        return "\n".join(texts)


@pytest.fixture
async def posted(api: Api, postbox: Server) -> AsyncIterator[Posted]:  # noqa: F811  # fixture
    settings = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_tls": "none"}
    api.ledger.settings = api.ledger.settings.model_copy(
        update=settings | {"mail_from": "desk@example.com", "public_url": None}
    )
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    yield Posted(api, postbox, Worker(api.ledger), connection)
    await connection.close()


async def an_engineer(api: Api) -> Client:
    """Somebody of a team, who works on tickets."""
    await api.team("mail")
    return await api.client("Agent", Role.agent, Role.engineer, teams=("mail",))


async def resolved(agent: Client, **fields: str) -> str:
    """The path of an incident that the agent has resolved."""
    record = await agent.post_ok("/v1/incidents", an_incident(**fields))
    path = f"/v1/incidents/{record['id']}"
    for action, body in (("assign", TO_ME), ("acknowledge", {}), ("resolve", RESOLVED)):
        await agent.post_ok(f"{path}/{action}", body)
    return path


def length(seconds: int, units: tuple[str, str, str]) -> str:
    """So many seconds in hours, minutes and seconds, as far as there are such."""
    parts = ((seconds // 3600, units[0]), (seconds // 60 % 60, units[1]), (seconds % 60, units[2]))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def minute(instant: str, zone: str) -> str:
    """The instant of an answer by the clocks of that zone, which it names."""
    return f"{from_instant(instant).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


@pytest.mark.parametrize("seconds", first_of([100 * 3600 + 61, 45, 2 * 3600, 5430], 1))
async def test_what_is_said_of_a_clock_is_what_the_clock_says(posted: Posted, seconds: int) -> None:
    api = posted.api
    await add_calendar(api.ledger, "office", "Asia/Shanghai", weekly=hours("09:00", "18:00"))
    await sign(api.ledger, target("mend", "resolution", seconds, warning_percents=[35, 90]))
    agent, tool = await an_engineer(api), await api.client("Monitor", Role.integration)
    record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=ago(days=60).isoformat()))
    path = f"/v1/incidents/{record['id']}"
    await agent.post_ok(f"{path}/assign", TO_ME)
    await posted.work()
    (clock,) = (await agent.read(f"{path}/sla"))["clocks"]
    assert [warning["percent"] for warning in clock["warnings"]] == [35, 90]
    assert clock["breached_at"] is not None
    number, agreement = record["number"], clock["agreement"]["number"]
    zone = api.ledger.settings.time_zone
    due, missed = minute(clock["due_at"], zone), minute(clock["breached_at"], zone)
    english, chinese = await posted.told(agent), await posted.told(agent, "zh")
    for warning in clock["warnings"]:
        assert (
            f"{warning['percent']} % of the target time of {number} is used (Resolution, Service level "
            f"agreement {agreement}): {record['title']}. It is due on {due}."
        ) in english
        assert f"{number} 已用去目标时限的 {warning['percent']}%（解决，服务级别协议 {agreement}）" in chinese
    allowed = length(clock["target_seconds"], ("h", "min", "s"))
    assert f"The limit was {allowed} of service time; it was due on {missed}." in english
    allowed = length(clock["target_seconds"], ("小时", "分", "秒"))
    assert f"时限为约定服务时间 {allowed}，到期时间为 {missed}。" in chinese


@pytest.mark.parametrize("agreed", first_of([3, 0, None], 1))
async def test_in_how_many_days_a_ticket_is_reopened_is_what_the_ticket_says(
    posted: Posted, agreed: int | None
) -> None:
    api = posted.api
    await add_calendar(api.ledger, "office", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(api.ledger, target("mend", "resolution", 3600), reopen_days=agreed)
    agent, requester = await an_engineer(api), await api.client("Requester")
    path = await resolved(agent, requester=requester.id)
    await posted.work()
    reopen_days = (await agent.read(path))["reopen_days"]
    assert reopen_days == (await agent.read(f"{path}/sla"))["reopen_days"] == agreed
    english, chinese = await posted.told(requester), await posted.told(requester, "zh")
    days = api.ledger.settings.reopen_days if agreed is None else agreed
    if days:
        assert f"reopen it within {days} days" in english
        assert f"请在 {days} 天内重新打开" in chinese
        return
    assert "cannot be reopened" in english
    assert "不可重新打开" in chinese
    refused = await requester.post(f"{path}/reopen", json={"reason": "Not yet."})
    assert refused.json()["code"] == "too_late_to_reopen"


def working_days(since: date, until: date) -> int:
    """How many days from Monday to Friday there are after the one, up to the other."""
    days = (until - since).days
    return sum((since + timedelta(days=n + 1)).weekday() < 5 for n in range(days))


@in_test_all
async def test_a_complaint_is_due_when_its_notice_says(posted: Posted) -> None:
    api = posted.api
    manager = await api.client("Manager", Role.service_level_manager, Role.configuration_manager, Role.admin)
    requester = await api.client("Requester")
    await manager.post_ok("/v1/calendars", {"key": "office", "name": "Office", **HOURS})
    await a_service(manager, calendar="office")
    path = await resolved(await an_engineer(api), requester=requester.id, service="mail")
    await requester.post_ok(f"{path}/complain", {"subject": "speed", "about": "Nobody called back."})
    await posted.work()
    (complaint,) = (await manager.read("/v1/complaints"))["items"]
    since, due = (from_instant(complaint[name]).astimezone(SHANGHAI) for name in ("complained_at", "due_at"))
    assert since.time() == due.time()
    assert working_days(since.date(), due.date()) == ANSWERED_WITHIN_WORKING_DAYS
    sentence = f"There is a complaint about {complaint['number']}, to be answered within five working days"
    assert sentence in await posted.told(manager)


@pytest.fixture
async def parties(api: Api) -> Parties:
    return await the_parties(api)


@in_test_all
async def test_the_last_day_of_an_agreement_is_the_agreements(parties: Parties, posted: Posted) -> None:
    path = await parties.signed("SLA", "finance", valid_to="2198-12-31")
    await posted.work(datetime(2198, 12, 1, tzinfo=UTC))
    agreement = await parties.manager.read(path)
    sentence = f"{agreement['number']} ends soon, on {agreement['valid_to']}: {agreement['title']}."
    assert sentence in await posted.told(parties.it)
    assert f"{agreement['number']} 即将到期，最后一天为 {agreement['valid_to']}：" in await posted.told(
        parties.it, "zh"
    )


async def test_an_invitation_has_the_times_of_the_meeting(posted: Posted) -> None:
    chair = await posted.api.client("Chair", Role.agent, Role.change_manager)
    invited = await posted.api.client("Invited")
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    body: Json = {
        "title": "Board",
        "meeting_kind": "cab",
        "chair": "me",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(minutes=95)).isoformat(),
        "persons": [invited.id],
    }
    meeting = await chair.post_ok("/v1/meetings", body)
    await posted.work()
    (invitation,) = of(posted.postbox, "invited@example.org")
    (attached,) = invitation.iter_attachments()
    (event,) = Calendar.from_ical(attached.get_content()).walk("VEVENT")
    for name, field_name in (("DTSTART", "starts_at"), ("DTEND", "ends_at")):
        assert event.decoded(name) == from_instant(meeting[field_name])
