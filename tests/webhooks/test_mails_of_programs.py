"""Mails are ignored only if a program is proved to have answered; doubtful ones are kept."""

from __future__ import annotations

import pytest

from app.webhooks.mail.message import read_mail
from tests.client import Api, Json
from tests.webhooks.mail_shapes import lines, mail, multipart
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses

GENERATED = {"Auto-Submitted": "auto-generated"}
ANSWERING = {"In-Reply-To": "<a@x>"}
LOOP = {"X-MS-Exchange-Inbox-Rules-Loop": "a@b"}
#: Words by which absences begin, in sentences that people and tools write.
WORDS = (
    "Abwesenheitsnotiz geht nicht",
    "Out of office cannot be set",
    "Out of office: cannot be set",
    "Automatic reply does not start",
    "Automatische Antwort fehlt",
    "Réponse automatique en panne",
    "Ausência de dados no host db1",
    "Fuori sede: la stampante non va",
    "自动回复无法开启",
    "不在通知が設定できない",
)


@pytest.mark.parametrize("headers", [LOOP, GENERATED, {"Precedence": "junk"}, {"Return-Path": "<>"}], ids=str)
def test_words_of_a_subject_and_a_header_prove_no_absence(headers: Json) -> None:
    marks = {words: read_mail(bytes(a_mail(subject=words, **headers))).automatic.answer for words in WORDS}
    assert set(marks.values()) == {None}, marks


def test_a_form_that_writes_for_somebody_is_no_absence() -> None:
    form = a_mail(subject="Automatic reply: fails", Reply_To="jan@example.org", **GENERATED)
    assert read_mail(bytes(form)).automatic.answer is None


PROVED = (
    ("Printer", {"Auto-Submitted": "auto-replied"}),
    ("Printer", {"X-Autoreply": "yes"}),
    ("Out of office: Re: Printer", {"Precedence": "bulk"}),
    ("Printer", {"Precedence": "auto_reply"}),
    ("Abwesenheitsnotiz: Drucker", GENERATED | ANSWERING),
    ("自动回复：打印机", GENERATED),
    ("Printer", {"X-Failed-Recipients": "a@example.net"}),
    ("Undeliverable: Printer", {"From": "postmaster@example.net", "Return-Path": "<>"}),
)


@pytest.mark.parametrize(("subject", "headers"), PROVED, ids=str)
def test_proved_answers_of_programs_are_known(subject: str, headers: Json) -> None:
    headers = dict(headers)
    answer = a_mail(subject=subject)
    if sender := headers.pop("From", None):
        answer.replace_header("From", sender)
    for name, value in headers.items():
        answer[name] = value
    assert read_mail(bytes(answer)).automatic.answer is not None


async def test_an_answer_that_may_be_a_programs_is_a_comment_or_a_ticket_that_nobody_is_mailed_for(
    api: Api,
) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    thread = f"<incident.{ticket['id']}@desk.example.com>"
    own = a_mail(message_id="<2@x>", In_Reply_To=thread, text="We replace it on Tuesday.\n", **GENERATED)
    other = a_mail("eve@example.net", message_id="<3@x>", In_Reply_To=thread, Return_Path="<>")
    outcomes = [(await deliver(tool, each))["effects"][0]["outcome"] for each in (own, other)]
    assert outcomes == ["commented", "opened"]
    (comment,) = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"]
    assert comment["text"].startswith("We replace it on Tuesday.\n\nA program may have sent this mail")
    _, opened = await tool.tickets()
    assert "eve@example.net" in opened["description"]
    query = "select kind from fold.person where id = %s"
    assert await api.ledger.db.value(query, (opened["requester"]["id"],)) == "machine"


#: A complaint about a host of ours, as providers send them (RFC 5965).
COMPLAINT = mail(
    "To: desk@example.com",
    multipart(
        "report",
        lines("Content-Type: text/plain", "", "Your host sends spam."),
        lines("Content-Type: message/feedback-report", "", "Feedback-Type: abuse"),
        more="; report-type=feedback-report",
    ),
)


def test_a_complaint_is_no_answer_and_keeps_its_parts() -> None:
    complaint = read_mail(COMPLAINT)
    assert (complaint.text, complaint.automatic.answer) == ("Your host sends spam.", None)
    assert [file.name for file in complaint.attachments] == ["feedback-report.txt"]


async def test_monitoring_by_a_postmaster_and_complaints_open_tickets_of_the_source(api: Api) -> None:
    tool = await a_mailbox(api)
    mails = [
        a_mail(
            "postmaster@mon.example", subject="[PROBLEM] Host db9 is DOWN!", message_id="<1@m>", **GENERATED
        ),
        a_mail("postmaster@mon.example", subject="RAID degraded", message_id="<2@m>", Return_Path="<>"),
        a_mail("mailer-daemon@mon.example", subject="[PROBLEM] Host db8 is DOWN!", message_id="<3@m>"),
    ]
    deliveries = [await deliver(tool, each) for each in mails]
    deliveries.append(await tool.deliver(COMPLAINT, content_type="message/rfc822"))
    outcomes = [delivery["effects"][0]["outcome"] for delivery in deliveries]
    assert outcomes == ["opened"] * 4
    *_, complaint = await tool.tickets()
    assert "Your host sends spam." in complaint["description"]
    requesters = {ticket["requester"]["id"] for ticket in await tool.tickets()}
    kinds = await api.ledger.db.rows("select kind from fold.person where id = any(%s)", (list(requesters),))
    assert {row["kind"] for row in kinds} == {"machine"}
