"""Notices go out by mail, and none is lost."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from app.common.notices import NoticeType
from app.common.people import Caller, MailFrequency, rule_caller
from app.foundation.people.persons import EditPerson, SetPreferencesPerson
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.ids import uuid7
from app.notifications import mail
from app.notifications.message import InvalidAddress, Mail, message
from app.notifications.records import DeliveryFailure
from app.platform.db import connect
from app.processes.incidents.payloads import RemindIncident, ResolveIncident
from app.processes.incidents.records import Incident
from app.ticketing.satisfaction.rating_links import parse
from tests.extent import in_test_all
from tests.notifications.conftest import Office
from tests.people import act

OF_REQUESTER = "requester@example.org"


@dataclass
class Server:
    """A mail server that keeps what it takes, or answers otherwise."""

    port: int = 0
    answer: str = "250 taken"
    #: What it does before it answers.
    before: Callable[[], Any] | None = None
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: Any) -> str:  # noqa: N802  # aiosmtpd's
        if self.before is not None:
            await self.before()
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(to)
        return self.answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # the same
        content = cast(bytes, envelope.content)
        self.mails.append(email.message_from_bytes(content, policy=default))
        return self.answer


@pytest.fixture
async def postbox() -> AsyncIterator[Server]:
    server = Server()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: SMTP(server, loop=loop), "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


@pytest.fixture
async def posting(office: Office, postbox: Server) -> Office:
    """The office, whose notices go out by that server."""
    settings = {"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_tls": "none"}
    more = settings | {"mail_from": "desk@example.com"}
    office.ledger.settings = office.ledger.settings.model_copy(update=more)
    return office


async def sends(office: Office, **parts: float) -> list[str]:
    """So much time passes, and mails that are due are tried. Gives what failed."""
    office.now += timedelta(**parts)
    failures: list[str] = []
    connection = await connect(office.ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, mail.consumer())
        await mail.send_due(
            connection, office.ledger, office.now, failed=lambda name, error: failures.append(str(error))
        )
    finally:
        await connection.close()
    return failures


def of(postbox: Server, to: str) -> list[EmailMessage]:
    """What the postbox has taken for that address."""
    return [mail for mail in postbox.mails if mail["To"] == to]


async def test_a_notice_is_mailed_in_the_persons_language_with_what_was_said(
    posting: Office, postbox: Server
) -> None:
    requester = posting.requester
    in_chinese = EditPerson.model_validate({"locale": "zh"})
    await act(posting.ledger, rule_caller("tests"), "person", "edit", requester.person_id, in_chinese)
    incident = await posting.assigned()
    await posting.comment(posting.engineer, incident)
    await posting.deliver_all()
    assert await sends(posting) == []
    (notice_mail,) = of(postbox, OF_REQUESTER)
    assert notice_mail["Subject"] == f"[{incident.number}] {incident.title}"
    assert (notice_mail["From"], notice_mail["Auto-Submitted"]) == ("desk@example.com", "auto-generated")
    assert notice_mail.get_content_type() == "text/plain"
    assert notice_mail.get_content_charset() == "utf-8"
    text = notice_mail.get_content()
    assert f"{incident.number} 有新的评论。\n操作人：Engineer\n内容：The words." in text.replace("\r\n", "\n")
    (notice,) = await posting.notices(requester)
    assert notice["mailed_at"] == posting.now
    assert await posting.ledger.db.rows("select * from deliveries.mail") == []
    assert await sends(posting, days=9) == []
    assert len(of(postbox, OF_REQUESTER)) == 1


async def asked_to_rate(posting: Office) -> Incident:
    """An incident that the requester is asked to rate."""
    incident = await posting.assigned()
    resolve = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
    await posting.perform(posting.engineer, "start", incident)
    await posting.perform(posting.engineer, "resolve", incident, resolve)
    await posting.deliver_all()
    await posting.perform(rule_caller("ask_for_ratings"), "ask_rating", incident)
    await posting.deliver_all()
    return incident


def question(postbox: Server) -> str:
    """The text of the one mail that asks the requester what they think."""
    texts = [received.get_content().replace("\r\n", "\n") for received in of(postbox, OF_REQUESTER)]
    (text,) = [str(text_sent) for text_sent in texts if "How satisfied are you" in text_sent]
    return text


async def test_whoever_is_asked_what_they_think_gets_a_link_of_their_own(
    posting: Office, postbox: Server
) -> None:
    ledger = posting.ledger
    ledger.settings = ledger.settings.model_copy(update={"public_url": "https://desk.example.org/it"})
    incident = await asked_to_rate(posting)
    assert await sends(posting) == []
    text = question(postbox)
    address, _, rest = text.partition("https://desk.example.org/it/rate/")[2].partition("\n")
    assert rest
    link = parse(address, ledger.vault.fingerprint)
    assert (link.stream, link.person_id) == (incident.row_key, posting.requester.person_id)
    until = await ledger.db.value("select until_at from fold.rating_request")
    assert link.until == until.replace(microsecond=0)
    assert not [
        received
        for received in postbox.mails
        if received["To"] != OF_REQUESTER and "/rate/" in received.get_content()
    ]


@in_test_all
async def test_without_an_address_of_this_service_there_is_no_link(posting: Office, postbox: Server) -> None:
    await asked_to_rate(posting)
    assert await sends(posting) == []
    assert "/rate/" not in question(postbox)


@in_test_all
async def test_mails_of_one_ticket_refer_to_one_thread_and_each_has_its_own_name(
    posting: Office, postbox: Server
) -> None:
    incident = await posting.assigned()
    await posting.deliver_all()
    await posting.comment(posting.engineer, incident)
    await posting.deliver_all()
    await sends(posting)
    first, second = of(postbox, OF_REQUESTER)
    assert first["References"] == second["References"] == f"<incident.{incident.id}@example.com>"
    assert first["Message-ID"] != second["Message-ID"]


async def test_a_withdrawn_comment_is_not_mailed_any_more(posting: Office, postbox: Server) -> None:
    incident = await posting.assigned()
    await posting.comment(posting.engineer, incident)
    await posting.deliver_all()
    key = "select split_part(text, ':', 2)::uuid from fold.comment"
    comment = await posting.ledger.db.value("select id from fold.comment")
    assert await posting.ledger.db.value(key) is not None
    withdrawn = posting.ledger.lifecycles["incident"]["withdraw_comment"].body(comment=comment)
    await posting.perform(posting.agent, "withdraw_comment", incident, withdrawn)
    await sends(posting)
    assert "The words." not in of(postbox, OF_REQUESTER)[0].get_content()


async def test_what_the_server_does_not_take_now_is_tried_again_as_the_same_message(
    posting: Office, postbox: Server
) -> None:
    await posting.reported()
    await posting.deliver_all()
    postbox.answer = "451 come back"
    (why,) = await sends(posting)
    assert "451" in why
    assert OF_REQUESTER not in why
    assert await sends(posting, seconds=30) == []
    postbox.answer = "250 taken"
    assert await sends(posting, seconds=31) == []
    assert len(of(postbox, OF_REQUESTER)) == 1


async def test_what_it_refuses_for_good_or_for_days_is_given_up_and_that_is_in_the_log(
    posting: Office, postbox: Server
) -> None:
    await posting.reported()
    await posting.deliver_all()
    postbox.answer = "550 nobody here"
    assert await sends(posting) == []
    await posting.reported()
    await posting.deliver_all()
    postbox.answer = "451 come back"
    for _ in range(20):
        await sends(posting, days=1)
    notices = [
        (notice["failure"], notice["mailed_at"]) for notice in await posting.notices(posting.requester)
    ]
    assert notices == [(DeliveryFailure.refused, None), (DeliveryFailure.given_up, None)]
    types = "select count(*) from log.event where type = 'notice.failed'"
    assert await posting.ledger.db.value(types) == 2


async def test_a_server_that_hangs_is_given_up_and_others_are_not_kept_waiting(
    posting: Office, postbox: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TRY_SECONDS", 0.2)
    await posting.reported()
    await posting.deliver_all()
    never = asyncio.Event()
    postbox.before = never.wait
    assert len(await sends(posting)) == 1
    postbox.before = None
    never.set()
    assert await sends(posting, minutes=2) == []
    assert len(of(postbox, OF_REQUESTER)) == 1


async def test_a_worker_that_dies_while_it_sends_leaves_it_to_the_next_one(
    posting: Office, postbox: Server
) -> None:
    await posting.reported()
    await posting.deliver_all()
    reached, never = asyncio.Event(), asyncio.Event()

    async def hangs() -> None:
        reached.set()
        await never.wait()

    postbox.before = hangs
    sending = asyncio.create_task(sends(posting))
    await reached.wait()
    sending.cancel()
    # Whoever is cancelled takes leave of the mail server, and waits for its answer.
    never.set()
    await asyncio.gather(sending, return_exceptions=True)
    postbox.before = None
    assert sending.cancelled()
    assert await sends(posting) == []
    assert postbox.mails == [], "it is claimed still"
    await sends(posting, minutes=6)
    assert len(of(postbox, OF_REQUESTER)) == 1


async def test_who_may_not_see_it_any_more_or_was_erased_gets_no_mail(
    posting: Office, postbox: Server
) -> None:
    incident = await posting.assigned()
    await posting.deliver_all()
    await posting.perform(posting.follower, "unfollow", incident)
    await act(posting.ledger, rule_caller("tests"), "person", "erase", posting.requester.person_id)
    await sends(posting)
    assert [received["To"] for received in postbox.mails] == ["engineer@example.org"]
    for caller in (posting.follower, posting.requester):
        assert [notice["failure"] for notice in await posting.notices(caller)] == [
            DeliveryFailure.not_for_them
        ]


async def test_what_somebody_does_not_want_by_mail_is_told_in_the_application_only(
    posting: Office, postbox: Server
) -> None:
    quiet = SetPreferencesPerson(told_of=tuple(NoticeType), told_by_mail=(NoticeType.resolved,))
    requester = posting.requester
    await act(posting.ledger, requester, "person", "set_preferences", requester.person_id, quiet)
    await posting.reported()
    await posting.deliver_all()
    await sends(posting)
    assert [notice["way"] for notice in await posting.notices(requester)] == ["in_app"]
    assert postbox.mails == []


async def prefers(office: Office, caller: Caller, **more: MailFrequency) -> None:
    """Somebody says how often they want mails."""
    every = [step.value for step in NoticeType]
    preferences = SetPreferencesPerson.model_validate({"told_of": every, "told_by_mail": every, **more})
    await act(office.ledger, caller, "person", "set_preferences", caller.person_id, preferences)


async def test_what_is_wanted_daily_comes_in_one_mail_the_next_morning_and_no_paragraph_twice(
    posting: Office, postbox: Server
) -> None:
    public = {"public_url": "https://desk.example.org/it"}
    posting.ledger.settings = posting.ledger.settings.model_copy(update=public)
    await prefers(posting, posting.follower, mail_you_follow=MailFrequency.daily)
    first, second = await posting.assigned(), await posting.assigned()
    await posting.deliver_all()
    await posting.comment(posting.engineer, first)
    await posting.deliver_all()
    assert await sends(posting) == []
    assert of(postbox, "follower@example.org") == []
    assert await sends(posting, days=1, hours=7) == []
    (digest,) = of(postbox, "follower@example.org")
    digest_text = digest.get_content().replace("\r\n", "\n")
    assert digest["Subject"] == "Daily summary: 3 notices"
    assert digest["List-Unsubscribe"] == "<https://desk.example.org/it/v1/me/preferences>"
    for incident in (first, second):
        assert digest_text.count(f"Incident {incident.number}: {incident.title}") == 1
    paragraphs = digest_text.split("\n\n")
    assert len(paragraphs) == len(set(paragraphs))
    states = [notice["mailed_at"] is not None for notice in await posting.notices(posting.follower)]
    assert states == [True] * 3
    assert await sends(posting, days=2) == []
    assert len(of(postbox, "follower@example.org")) == 1


@in_test_all
async def test_a_kind_that_is_not_wanted_by_mail_is_in_the_application_only(
    posting: Office, postbox: Server
) -> None:
    await prefers(posting, posting.engineer, mail_is_yours=MailFrequency.none)
    incident = await posting.assigned()
    await posting.deliver_all()
    remind = RemindIncident(persons=(str(posting.engineer.person_id),))
    await posting.perform(rule_caller("tests"), "remind", incident, remind)
    await posting.deliver_all()
    await sends(posting)
    assert [notice["way"] for notice in await posting.notices(posting.engineer)] == ["in_app", "mail"]


async def test_without_a_mail_server_there_is_no_mail(office: Office) -> None:
    await office.reported()
    await office.deliver_all()
    assert [notice["way"] for notice in await office.notices(office.requester)] == ["in_app"]


@given(subject=st.text(max_size=300), to=st.text(max_size=60) | st.emails())
def test_whatever_a_title_or_an_address_holds_no_header_is_added(subject: str, to: str) -> None:
    mail = Mail("notice.1", f"incident/{uuid7()}", subject, "Text.", "en", datetime.now(UTC))
    try:
        composed = message(mail, sender="desk@example.com", to=to)
    except InvalidAddress:
        return
    head = composed.as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert sorted(names) == sorted(
        b"To From Subject Date Message-ID In-Reply-To References Auto-Submitted Content-Language "
        b"Content-Type Content-Transfer-Encoding MIME-Version".split()
    )
