"""Mail in: a new mail opens a ticket, a reply is a comment; a mail proves nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import pytest

from app.common.notices import NoticeType
from app.common.people import Role, rule_caller
from app.i18n import sentences
from app.log.follow import catch_up
from app.notifications.lifecycle import SendNotice
from app.notifications.mail import mailed_lines
from app.notifications.message import Mail, message
from app.notifications.queries import answered_mail
from app.notifications.records import DeliveryMethod
from app.platform.db import connect
from app.platform.settings import Settings
from app.search import index
from app.webhooks.effects import addresses
from app.webhooks.mail import imap
from tests.client import Api, Json
from tests.people import act, add_person
from tests.webhooks.mailbox import a_mailbox_with
from tests.webhooks.tools import Tool, a_source, clock, process_all

BROWSER = {"accept": "text/html"}


def a_mail(sender: str = "lin@example.org", **more: str) -> EmailMessage:
    """A mail of Lin's."""
    email_message = EmailMessage()
    email_message["From"] = f"Li Na <{sender}>"
    email_message["To"] = "desk@example.com"
    email_message["Subject"] = more.pop("subject", "The printer smokes")
    email_message["Message-ID"] = more.pop("message_id", "<1@example.org>")
    text = more.pop("text", "Since this morning.\n")
    for name, value in more.items():
        email_message[name.replace("_", "-")] = value
    email_message.set_content(text)
    return email_message


async def a_mailbox(api: Api, **more: Any) -> Tool:
    admin = await api.client("Ada", Role.admin, Role.agent)
    return await a_source(api, admin, "mail", **more)


async def follow_addresses(api: Api) -> None:
    """Have the addresses of all persons found."""
    connection = await connect(api.ledger.db.url)
    try:
        await catch_up(connection, addresses.consumer(api.ledger))
    finally:
        await connection.close()


async def deliver(tool: Tool, mail: EmailMessage) -> Json:
    return await tool.deliver(mail.as_bytes(), content_type="message/rfc822")


async def test_a_new_mail_opens_a_ticket_of_its_sender(api: Api) -> None:
    tool = await a_mailbox(api)
    done = await deliver(tool, a_mail())
    assert done["state"] == "processed", done
    (ticket,) = await tool.tickets()
    assert (ticket["title"], ticket["channel"]) == ("The printer smokes", "email")
    assert ticket["requester"]["name"] == "Li Na"


async def test_a_mail_that_comes_twice_opens_one_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await deliver(tool, a_mail(X_Relay="another way"))
    assert len(await tool.tickets()) == 1


async def test_mails_of_a_device_with_one_id_and_no_clock_are_told_apart_by_their_words(api: Api) -> None:
    tool = await a_mailbox(api)
    clocks: tuple[dict[str, str], ...] = ({}, {"Date": "Thu, 01 Jan 1970 00:00:12 +0000"})
    for n, date in enumerate(clocks):
        for text in ("Paper jam.", "Toner is empty."):
            done = await deliver(tool, a_mail(message_id=f"<{n}@printer>", text=text, **date))
            assert [effect["outcome"] for effect in done["effects"]] == ["opened"], (date, text)
        copy = a_mail(message_id=f"<{n}@printer>", text="Paper jam.", X_Relay="another", **date)
        assert [e["outcome"] for e in (await deliver(tool, copy))["effects"]] == ["known_already"], date
    dated = {"Date": clock().strftime("%a, %d %b %Y %H:%M:%S +0000"), "message_id": "<2@printer>"}
    await deliver(tool, a_mail(text="Paper jam.", **dated))
    with_footer = await deliver(tool, a_mail(text="Paper jam.\n_____\nA list", **dated))
    assert [effect["outcome"] for effect in with_footer["effects"]] == ["known_already"]


async def test_a_reply_to_our_mail_is_a_comment_without_what_it_quotes(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    answer = a_mail(
        message_id="<2@example.org>",
        In_Reply_To=f"<incident.{ticket['id']}@desk.example.com>",
        text=f"It is out.\n\nOn Mon, 2 Mar 2026 at 09:00, Desk wrote:\n{NOTICE}\n",
    )
    done = await deliver(tool, answer)
    assert [e["outcome"] for e in done["effects"]] == ["commented"], done
    (comment,) = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"]
    assert (comment["text"], comment["author"]["name"]) == ("It is out.", "Li Na")


async def test_a_forged_sender_with_a_known_reference_writes_into_no_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    forged = a_mail(
        "mallory@example.net",
        message_id="<9@example.net>",
        subject=f"Re: {ticket['number']}",
        In_Reply_To=f"<incident.{ticket['id']}@desk.example.com>",
    )
    done = await deliver(tool, forged)
    assert [e["outcome"] for e in done["effects"]] == ["opened"]
    assert (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"] == []


async def test_the_number_in_a_subject_alone_makes_a_new_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    (ticket,) = await tool.tickets()
    await deliver(tool, a_mail(message_id="<3@example.org>", subject=f"Re: {ticket['number']} still smokes"))
    assert [item["title"] for item in await tool.tickets()] == [
        "The printer smokes",
        f"Re: {ticket['number']} still smokes",
    ]


async def test_automatic_mails_are_ignored_in_words(api: Api) -> None:
    tool = await a_mailbox(api)
    done = await deliver(tool, a_mail(Auto_Submitted="auto-replied"))
    assert (done["state"], done["code"]) == ("ignored", "automatic_mail")
    assert await tool.tickets() == []


LISTED = (
    {"List-ID": "<support.example.org>", "Precedence": "list", "List-Unsubscribe": "<https://example.org>"},
    {"X-Auto-Response-Suppress": "OOF"},
)
WRITTEN_BY_PROGRAMS = ({"Auto-Submitted": "auto-generated"}, {"Precedence": "bulk"})


async def test_mails_through_lists_open_tickets_of_who_wrote_them(api: Api) -> None:
    tool = await a_mailbox(api)
    for n, headers in enumerate(LISTED):
        done = await deliver(tool, a_mail(message_id=f"<l{n}@example.org>", **headers))
        assert done["state"] == "processed", done
    assert {ticket["requester"]["name"] for ticket in await tool.tickets()} == {"Li Na"}


async def test_mails_of_monitoring_open_tickets_and_nobody_is_mailed(api: Api) -> None:
    tool = await a_mailbox(api)
    for n, headers in enumerate(WRITTEN_BY_PROGRAMS):
        sent = a_mail("icinga@example.org", message_id=f"<p{n}@example.org>", **headers)
        assert (await deliver(tool, sent))["state"] == "processed"
    of_source = await api.ledger.db.rows("select id from fold.person where kind = 'machine'")
    for ticket in await tool.tickets():
        assert ticket["requester"] is None or ticket["requester"]["id"] in {
            str(row["id"]) for row in of_source
        }
    added = await api.ledger.db.value("select count(*) from fold.person where name = 'Li Na'")
    assert added == 0


async def test_proved_answers_of_programs_and_notices_of_ours_are_ignored(api: Api) -> None:
    tool = await a_mailbox(api)
    done = await deliver(tool, a_mail())
    thread = f"<incident.{done['effects'][0]['record'].partition('/')[2]}@desk.example.com>"
    generated = {"Auto-Submitted": "auto-generated"}
    answer = a_mail(message_id="<2@example.org>", In_Reply_To=thread, Auto_Submitted="auto-replied")
    notice = a_mail(message_id="<notice.01a21224-729b-7000-8080-9fe98553a8f7@desk.example.com>", **generated)
    absent = a_mail(message_id="<3@example.org>", subject="Automatic reply: printer", **generated)
    deliveries = [await deliver(tool, mail) for mail in (answer, notice, absent)]
    assert [(delivery["state"], delivery["code"]) for delivery in deliveries] == [
        ("ignored", "automatic_mail"),
        ("ignored", "own_mail"),
        ("ignored", "automatic_mail"),
    ]


async def test_answers_of_people_through_services_that_send_for_others_are_comments(api: Api) -> None:
    tool = await a_mailbox(api)
    done = await deliver(tool, a_mail())
    await follow_addresses(api)
    thread = f"<incident.{done['effects'][0]['record'].partition('/')[2]}@desk.example.com>"
    services: tuple[dict[str, str], ...] = ({"Precedence": "bulk"}, {"Feedback-ID": "1.eu:AmazonSES"})
    for n, service in enumerate(services):
        answer = a_mail(message_id=f"<s{n}@example.org>", In_Reply_To=thread, **service)
        assert [e["outcome"] for e in (await deliver(tool, answer))["effects"]] == ["commented"], service
    other = a_mail("eve@example.net", message_id="<s@x>", In_Reply_To=thread, Precedence="bulk")
    assert [e["outcome"] for e in (await deliver(tool, other))["effects"]] == ["opened"], "it proves nobody"


async def test_a_source_may_ignore_what_lists_and_programs_send(api: Api) -> None:
    tool = await a_mailbox(api, automatic_mails="ignore")
    for n, headers in enumerate((*LISTED, *WRITTEN_BY_PROGRAMS)):
        done = await deliver(tool, a_mail(message_id=f"<i{n}@example.org>", **headers))
        assert (done["state"], done["code"]) == ("ignored", "automatic_mail")


async def test_of_two_senders_the_one_that_sent_it_counts(api: Api) -> None:
    tool = await a_mailbox(api)
    both = a_mail()
    del both["From"]
    both["From"] = "Kim <kim@example.org>, Li Na <lin@example.org>"
    assert (await deliver(tool, both))["code"] == "no_sender"
    both["Sender"] = "lin@example.org"
    done = await deliver(tool, both)
    assert done["state"] == "processed", done


async def test_an_account_of_a_machine_opens_a_ticket_that_nobody_is_mailed_for(api: Api) -> None:
    tool = await a_mailbox(api)
    for sender in ("root (Cron Daemon)", '"print server"@example.org'):
        mail = a_mail(message_id=f"<{len(sender)}@example.org>")
        raw = mail.as_bytes().replace(b"From: " + str(mail["From"]).encode(), b"From: " + sender.encode())
        done = await tool.deliver(raw, content_type="message/rfc822")
        assert [each["outcome"] for each in done["effects"]] == ["opened"]
    notes = sorted(ticket["description"].splitlines()[-1] for ticket in await tool.tickets())
    accounts = ('"print server"@example.org', "Cron Daemon <root>")
    assert notes == [f"Sent by the account {account}" for account in accounts]
    requesters = "select requester_id from fold.incident"
    query = f"select array_agg(distinct kind) from fold.person where id in ({requesters})"
    assert await api.ledger.db.value(query) == ["machine"]


async def test_attachments_that_are_left_out_are_told_of(api: Api) -> None:
    tool = await a_mailbox(api)
    mail = a_mail()
    for n in range(23):
        mail.add_attachment(b"hello", maintype="text", subtype="x-log", filename=f"{n}.log")
    await deliver(tool, mail)
    (ticket,) = await tool.tickets()
    answer = await tool.admin.read(f"/v1/incidents/{ticket['id']}")
    assert "3 more attachments were not stored" in answer["description"]
    assert answer["description"].endswith("Their names: 20.log, 21.log, 22.log")


async def test_what_only_headers_say_is_on_the_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    sent_at = datetime.now(UTC) - timedelta(days=3)
    await deliver(
        tool,
        a_mail(
            Reply_To="Eva Kunde <eva@cust.example>, lin@example.org",
            Date=format_datetime(sent_at),
            X_Priority="1 (Highest)",
        ),
    )
    (ticket,) = await tool.tickets()
    assert ticket["description"].split("\n\n")[1:] == [
        "Reply address in the mail: Eva Kunde <eva@cust.example>",
        f"Sent at {sent_at:%Y-%m-%d %H:%M} UTC",
        "The sender marked the mail as important.",
    ]
    for n, (subject, text) in enumerate(
        (
            ("AW: Re: The printer smokes", "Same."),
            ("NEW: printer 7 burns", "See above."),
            ("Mail works again (EOM)", ""),
        )
    ):
        reply = a_mail(subject=subject, text=text, message_id=f"<r{n}@x>", In_Reply_To="<1@example.org>")
        assert [e["outcome"] for e in (await deliver(tool, reply))["effects"]] == ["commented"]
    comments = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"]
    assert sorted(comment["text"] for comment in comments) == [
        "Mail works again (EOM)",
        "Same.",
        "Subject: NEW: printer 7 burns\n\nSee above.",
    ]


async def test_unknown_senders_are_refused_where_the_source_says_so(api: Api) -> None:
    tool = await a_mailbox(api, unknown_senders="refuse")
    done = await deliver(tool, a_mail())
    assert (done["state"], done["code"]) == ("failed", "unknown_sender")
    await add_person(api.ledger, "Lin")
    await follow_addresses(api)
    await tool.admin.post_ok(f"/v1/webhook_sources/{tool.source['id']}/replay_failed")
    await process_all(api.ledger)
    (ticket,) = await tool.tickets()
    assert ticket["requester"]["name"] == "Lin"


async def test_files_of_a_mail_are_attached_to_its_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    mail = a_mail()
    mail.add_attachment(b"%PDF-1.4 hello", maintype="application", subtype="pdf", filename="smoke.pdf")
    done = await deliver(tool, mail)
    assert done["state"] == "processed", done
    (ticket,) = await tool.tickets()
    (file,) = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/attachments"))["items"]
    assert file["name"] == "smoke.pdf"


async def test_a_file_that_is_empty_or_has_no_name_that_can_be_seen_is_attached_too(api: Api) -> None:
    tool = await a_mailbox(api)
    mail = a_mail()
    for name, content in (("\u200b", b"first"), ("error.log", b""), ("second.txt", b"second")):
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    done = await deliver(tool, mail)
    assert done["effects"][0]["altered"] == {"attachments": ["left_out"]}
    (ticket,) = await tool.tickets()
    assert ticket["altered"] == {"attachments": ["left_out"]}
    files = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/attachments"))["items"]
    assert sorted((file["name"], file["size"], file["altered"]) for file in files) == [
        ("error.log", 0, None),
        ("part-1", 5, {"name": ["left_out"]}),
        ("second.txt", 6, None),
    ]


def read_from(api: Api, tool: Tool, port: int) -> Settings:
    """Settings with a mailbox at that port."""
    more = {
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_tls": "none",
        "imap_source": tool.source["key"],
    }
    api.ledger.settings = api.ledger.settings.model_copy(update=more)
    return api.ledger.settings


async def test_mails_of_a_mailbox_are_taken_once_and_marked_as_seen(api: Api) -> None:
    tool = await a_mailbox(api)
    both = [a_mail().as_bytes(), a_mail(message_id="<2@example.org>", subject="No mail").as_bytes()]
    async with a_mailbox_with(*both) as box:
        settings = read_from(api, tool, box.port)
        assert await imap.fetch_mails(api.ledger, imap.Mailbox(settings), clock) == 2
        assert box.read_numbers == {1, 2}
        box.read_numbers.clear()  # as if the worker had died before it marked them
        assert await imap.fetch_mails(api.ledger, imap.Mailbox(settings), clock) == 2
    await process_all(api.ledger)
    assert sorted(ticket["title"] for ticket in await tool.tickets()) == ["No mail", "The printer smokes"]


async def test_a_mailbox_that_is_not_there_is_said(api: Api) -> None:
    tool = await a_mailbox(api)
    settings = read_from(api, tool, 1)
    with pytest.raises(imap.MailboxFailed):
        await imap.fetch_mails(api.ledger, imap.Mailbox(settings), clock)


#: A notice as programs repeat it.
NOTICE = "\n".join(
    f"> {line}"
    for line in ("Incident INC-2026-000001: A", "Is the zebra out?", sentences("en")["notice"]["footer"])
)


async def test_what_a_reply_repeats_is_kept_folded_found_and_erased_with_it(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    path = f"/v1/incidents/{ticket['id']}"
    answer = a_mail(
        message_id="<2@example.org>",
        In_Reply_To=f"<incident.{ticket['id']}@desk.example.com>",
        text="It is out.\n\nOn 27 November the vendor wrote:\n\nPN-4711.\n\n"
        f"On Mon, 2 Mar 2026 at 09:00, Desk wrote:\n{NOTICE}\n",
    )
    await deliver(tool, answer)
    (comment,) = (await tool.admin.read(f"{path}/comments"))["items"]
    assert comment["text"] == "It is out.\n\nOn 27 November the vendor wrote:\n\nPN-4711."
    assert comment["folded"] == f"On Mon, 2 Mar 2026 at 09:00, Desk wrote:\n{NOTICE}"
    for page in ("desk", "portal"):
        html = (await tool.admin.get(f"/{page}/incident/{ticket['number']}", headers=BROWSER)).text
        assert re.search(r"<details><summary>Quoted text</summary>.{,200}zebra", html, re.DOTALL), page
    connection = await connect(api.ledger.db.url)
    try:
        await catch_up(connection, index.consumer(api.ledger))
    finally:
        await connection.close()
    for word in ("zebra", "PN-4711"):
        rows = (await tool.admin.read("/v1/incidents", q=word))["items"]
        assert [row["id"] for row in rows] == [ticket["id"]], word
    await tool.admin.post_ok(f"{path}/withdraw_comment", {"comment": comment["id"]})
    (comment,) = (await tool.admin.read(f"{path}/comments"))["items"]
    assert (comment["text"], comment["folded"]) == (None, None)


async def test_answers_between_the_lines_of_a_notice_are_kept_and_what_it_quotes_is_folded(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    path = f"/v1/incidents/{ticket['id']}"
    await tool.admin.post_ok(f"{path}/comment", {"text": "Comment: is it out?"})
    (comment,) = (await tool.admin.read(f"{path}/comments"))["items"]
    events = (await tool.admin.read(f"{path}/events"))["items"]
    (version,) = (event["version"] for event in events if event["type"] == "incident.commented")
    body = SendNotice(
        person=ticket["requester"]["id"],
        ticket=f"incident/{ticket['id']}",
        steps=(NoticeType.commented,),
        versions=(version,),
        way=DeliveryMethod.mail,
    )
    sent = await act(api.ledger, rule_caller("tests"), "notice", "send", body=body)
    notice, requester = sent.record.id, UUID(ticket["requester"]["id"])
    await act(api.ledger, rule_caller("tests"), "notice", "mail", notice)
    lines = await mailed_lines(api.ledger, [notice], requester)
    assert await mailed_lines(api.ledger, [notice], UUID(comment["author"]["id"])) == []
    place = lines.index("Text: Comment: is it out?") + 1
    answer = "\n".join([*lines[:place], "Text: it is.", *lines[place : lines.index("-- ") + 2]])
    reference = f"<notice.{notice}@desk.example.com>"
    await deliver(
        tool, a_mail(message_id="<2@example.org>", In_Reply_To=reference, text=f"Hello,\n\n{answer}")
    )
    (_, comment) = (await tool.admin.read(f"{path}/comments"))["items"]
    assert comment["text"] == "Hello,\n\nText: it is."
    assert "Text: Comment: is it out?" in comment["folded"]


async def test_an_addition_to_ones_own_mail_is_a_comment_and_that_of_another_is_not(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail())
    await follow_addresses(api)
    added = a_mail(message_id="<2@example.org>", In_Reply_To="<1@example.org>", text="It beeps.")
    assert [e["outcome"] for e in (await deliver(tool, added))["effects"]] == ["commented"]
    again = a_mail(message_id="<3@example.org>", References="<0@x> <2@example.org>", text="Thrice.")
    assert [e["outcome"] for e in (await deliver(tool, again))["effects"]] == ["commented"]
    forged = a_mail("eve@example.net", message_id="<4@example.net>", In_Reply_To="<1@example.org>")
    assert [e["outcome"] for e in (await deliver(tool, forged))["effects"]] == ["opened"]
    assert len(await tool.tickets()) == 2


async def test_the_customer_behind_a_form_is_the_requester(api: Api) -> None:
    tool = await a_mailbox(api, forms=["noreply@shop.example", "@forms.example"])
    for n, sender in enumerate(("noreply@shop.example", "x@forms.example", "other@shop.example")):
        form = a_mail(
            sender, message_id=f"<f{n}@x>", Reply_To=f"Bob Buyer <bob{n}@buyers.example>", Precedence="junk"
        )
        assert (await deliver(tool, form))["state"] == "processed"
    requesters = [ticket["requester"]["name"] for ticket in await tool.tickets()]
    assert requesters[:2] == ["Bob Buyer", "Bob Buyer"]
    assert requesters[2] not in ("Bob Buyer", "Li Na"), "a form that nobody named is a program"


async def test_a_monitoring_mail_with_a_null_sender_opens_a_ticket_of_the_source(api: Api) -> None:
    tool = await a_mailbox(api)
    await add_person(api.ledger, "Nagios Person")
    await follow_addresses(api)
    problem = a_mail("nagios@example.org", subject="PROBLEM db1 is DOWN", Return_Path="<>")
    assert (await deliver(tool, problem))["state"] == "processed"
    (ticket,) = await tool.tickets()
    query = "select kind from fold.person where id = %s"
    assert await api.ledger.db.value(query, (ticket["requester"]["id"],)) == "machine"
    absence = a_mail(
        message_id="<v@example.org>",
        subject="Out of office",
        Return_Path="<>",
        In_Reply_To=f"<incident.{ticket['id']}@d.example>",
    )
    assert (await deliver(tool, absence))["state"] == "ignored"


async def test_an_answer_to_an_invitation_opens_no_ticket(api: Api) -> None:
    tool = await a_mailbox(api)
    answer = a_mail(subject="Accepted: Review", text="")
    answer.replace_header("Content-Type", "text/calendar; method=REPLY")
    done = await deliver(tool, answer)
    assert (done["state"], done["code"]) == ("ignored", "calendar_answer")
    assert await tool.tickets() == []


async def test_a_mail_too_long_for_a_field_brings_all_of_its_text_as_a_file(api: Api) -> None:
    tool = await a_mailbox(api)
    done = await deliver(tool, a_mail(text="word \n" * 6_000 + "last"))
    assert done["effects"][0]["altered"] == {"description": ["cut"]}
    (ticket,) = await tool.tickets()
    path = f"/v1/incidents/{ticket['id']}/attachments"
    (file,) = (await tool.admin.read(path))["items"]
    content = await tool.admin.get(f"{path}/{file['id']}/content")
    assert (file["name"], content.text.endswith("last")) == ("mail.txt", True)


async def test_a_subject_too_long_for_a_title_is_in_the_description(api: Api) -> None:
    tool = await a_mailbox(api)
    subject = f"{'The printer smokes, ' * 12}in room 4711"
    await deliver(tool, a_mail(subject=subject))
    (ticket,) = await tool.tickets()
    assert ticket["title"].endswith("…")
    assert ticket["description"] == f"{subject}\n\nSince this morning."


async def test_our_notice_refers_to_the_mail_that_it_answers(api: Api) -> None:
    tool = await a_mailbox(api)
    await deliver(tool, a_mail(message_id="<first.1@cust.example>"))
    (ticket,) = await tool.tickets()
    about, requester = f"incident/{ticket['id']}", UUID(ticket["requester"]["id"])
    assert await answered_mail(api.ledger, about, requester) == "<first.1@cust.example>"
    assert await answered_mail(api.ledger, about, UUID(int=1)) is None
    sent = message(
        Mail("notice.1", about, "A", "B", "en", clock(), answers="<first.1@cust.example>"),
        sender="desk@example.com",
        to="lin@example.org",
    )
    assert sent["In-Reply-To"] == "<first.1@cust.example>"
    assert f"<incident.{ticket['id']}@example.com>" in sent["References"]
