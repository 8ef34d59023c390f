"""Copies, threads that we know only in part, and storms: no mail is taken for another, and none is lost."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from app.api.requests.limits import Quota
from app.webhooks.effects import mails
from app.webhooks.effects.mail_tickets.threads import _topic
from tests.client import Api
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses
from tests.webhooks.tools import Tool, clock


async def outcome(tool: Tool, mail: EmailMessage) -> str:
    """What a mail led to."""
    done = await deliver(tool, mail)
    return str(done["effects"][0]["outcome"]) if done["effects"] else str(done["code"])


async def test_a_mail_with_the_id_and_second_of_another_is_its_copy_only_if_it_says_the_same(
    api: Api,
) -> None:
    tool = await a_mailbox(api)
    same = {"message_id": "<static@door>", "Date": clock().strftime("%a, %d %b %Y %H:%M:%S +0000")}
    first, burns = {"subject": "Door 1", "text": "It jams."}, {"subject": "Hall 3 burns", "text": "Fire."}
    assert await outcome(tool, a_mail(**first, **same)) == "opened"
    assert await outcome(tool, a_mail(**burns, **same)) == "opened"
    assert await outcome(tool, a_mail(subject="Door 1", text="It jams in hall 3.", **same)) == "opened"
    copy = a_mail(subject="[All] Door 1", text="A list\n\nIt  jams.\n-- \nLeave it", **same)
    assert await outcome(tool, copy) == "known_already"


async def test_mails_of_a_thread_that_began_elsewhere_are_one_ticket_or_linked(api: Api) -> None:
    tool = await a_mailbox(api)
    origin = {"In_Reply_To": "<o@x>", "References": "<o@x>"}
    assert await outcome(tool, a_mail(subject="Re: Origin", message_id="<1@x>", **origin)) == "opened"
    await follow_addresses(api)
    assert await outcome(tool, a_mail(subject="AW: Re: origin", message_id="<2@x>", **origin)) == "commented"
    assert await outcome(tool, a_mail(subject="Another matter", message_id="<3@x>", **origin)) == "opened"
    other = a_mail("eve@example.net", subject="Re: Origin", message_id="<4@x>", **origin)
    assert await outcome(tool, other) == "opened"
    first, *further = await tool.tickets()
    links = (await tool.admin.read(f"/v1/incidents/{first['id']}/links"))["items"]
    assert {link["other"]["id"] for link in links} == {ticket["id"] for ticket in further}


async def test_a_reply_that_comes_before_its_mail_is_joined_by_it(api: Api) -> None:
    tool = await a_mailbox(api)
    reply = a_mail(subject="Re: Hall 3", message_id="<r2@x>", In_Reply_To="<r1@x>")
    assert await outcome(tool, reply) == "opened"
    await follow_addresses(api)
    assert await outcome(tool, a_mail(subject="Hall 3", message_id="<r1@x>")) == "commented"


async def test_what_a_tool_refers_to_makes_no_thread_of_its_reports(api: Api) -> None:
    tool = await a_mailbox(api)
    sent = {"In_Reply_To": "<root@mon.example>", "Auto_Submitted": "auto-generated"}
    for n in range(2):
        report = a_mail("tool@mon.example", subject="Report", message_id=f"<{n}@m>", **sent)
        assert await outcome(tool, report) == "opened"


@pytest.mark.parametrize("subject", ["Re: Printer", "AW: Re[2]: printer", "回复：Printer", "  PRINTER "])
def test_marks_of_replies_are_no_part_of_what_a_mail_is_about(subject: str) -> None:
    assert _topic(subject) == _topic("Printer")


async def test_further_mails_of_a_storm_join_one_incident_that_says_how_many(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "_mail_quota", Quota("mail", 2, 3_600))
    tool = await a_mailbox(api, monitors=["@mon.example"])
    subjects = [f"** PROBLEM Host Alert: db{n} is DOWN **" for n in range(5)]
    reports = [
        a_mail("nagios@mon.example", subject=subject, message_id=f"<{n}@m>", text=f"Text {n}.\n")
        for n, subject in enumerate((*subjects, "** RECOVERY Host Alert: db1 is UP **"))
    ]
    outcomes = [await outcome(tool, report) for report in reports]
    assert outcomes == ["opened", "opened", "opened", "commented", "commented", "commented"]
    _, db1, storm = await tool.tickets()
    assert db1["state"] == "resolved"
    assert storm["title"] == "More than 60 mails an hour from nagios@mon.example"
    assert subjects[2] in storm["description"]
    comments = (await tool.admin.read(f"/v1/incidents/{storm['id']}/comments"))["items"]
    assert [comment["text"].split("\n\n") for comment in comments] == [
        [
            f"Mail {n - 1} of those that came from nagios@mon.example after 60 within an hour.",
            subjects[n],
            f"Text {n}.",
        ]
        for n in (3, 4)
    ]
