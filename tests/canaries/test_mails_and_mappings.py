"""What mails bring, and tools by mappings that people write, is gone when everybody is erased."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from app.common.people import Role
from app.webhooks.adapters import MAIL
from tests.canaries.dump import everything
from tests.canaries.erasing import erase_everybody, follow
from tests.canaries.marks import Marks
from tests.canaries.permitted import not_permitted
from tests.client import Api, Client, Json
from tests.webhooks.tools import Tool, a_source, process_all

MAPPING = """
[[news]]
kind = "ticket"
when = 'has(body.title)'
case = 'body.id'
number = 'body.number'
at = 'time(body.at)'
actor = 'body.actor'
status = '"open"'

[news.fields]
title = 'body.title'
description = 'body.description'
resolution = 'body.resolution'
cause = 'body.cause'
requester = 'body.requester'
assignee = 'body.assignee'

[news.values.status]
open = "in_progress"

[[news]]
kind = "comment"
when = 'has(body.text)'
case = 'body.id'
id = 'body.comment'
text = 'body.text'
author = 'body.author'
at = 'time(body.at)'
visibility = '"public"'
"""


def persons(marks: Marks, field: str) -> list[Any]:
    """How a tool may tell of a person: by one text, or by several values."""
    name, address, login = (marks.mark(f"{field} {part}") for part in ("name", "email", "id"))
    return [
        f"{name} Adeyemi",
        f"{address}@example.org",
        {"name": marks.mark(f"{field} name"), "email": f"{marks.mark(f'{field} email')}@example.org"},
        {"id": login, "name": marks.mark(f"{field} name")},
    ]


def deliveries(marks: Marks) -> list[Json]:
    """Tickets and comments of persons whom the tool tells in every way."""
    tickets: list[Json] = []
    people = zip(
        *(persons(marks, field) for field in ("actor", "requester", "assignee", "author")), strict=True
    )
    for n, (actor, requester, assignee, author) in enumerate(people):
        texts = ("number", "title", "description", "resolution", "cause")
        identity = {"id": f"T-{n}", "at": "2026-03-02T08:00:00Z"}
        persons_named = {"actor": actor, "requester": requester, "assignee": assignee}
        tickets.append(identity | persons_named | {text: marks.mark(text) for text in texts})
        tickets.append(identity | {"comment": str(n), "author": author, "text": marks.mark("text")})
    return tickets


def mail(marks: Marks, **more: str) -> bytes:
    """A mail with a word in all that somebody writes in one."""
    message = EmailMessage()
    message["From"] = more.pop(
        "sender", f"{marks.mark('From name')} <{marks.mark('From address')}@example.org>"
    )
    message["To"] = f"{marks.mark('To name')} <desk@example.com>"
    message["Cc"] = f"{marks.mark('Cc name')} <{marks.mark('Cc address')}@example.org>"
    message["Reply-To"] = f"{marks.mark('Reply-To')}@example.org"
    message["Subject"] = marks.mark("Subject title")
    message["Message-ID"] = f"<{marks.mark('Message-ID')}@example.org>"
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(f"{marks.mark('text')}\n-- \n{marks.mark('signature')}\n")
    message.add_attachment(
        marks.mark("content").encode(), maintype="text", subtype="plain", filename=f"{marks.mark('file')}.txt"
    )
    return message.as_bytes()


async def test_what_mails_and_own_mappings_bring_is_erased_with_everybody(api: Api, tmp_path: Path) -> None:
    admin, marks = await api.client("Ada", Role.admin, Role.agent), Marks()
    tool = await a_source(api, admin, "generic", key="own", mapping=MAPPING)
    for body in deliveries(marks):
        assert (await tool.post(body)).status_code == 202
    mailbox = await a_source(api, admin, MAIL)
    sender = f"{marks.mark('From')} <{marks.mark('From')}@example.org>"
    await take(mailbox, mail(marks, sender=sender))
    await follow(api.ledger)
    await take(mailbox, mail(marks, sender=sender, In_Reply_To=await newest(admin)))
    states = await api.ledger.db.rows("select distinct state from plumbing.webhook_delivery")
    assert [delivery["state"] for delivery in states] == ["processed"]
    await erase_everybody(api.ledger, UUID(admin.id))
    left = not_permitted(await everything(api.ledger, tmp_path), marks)
    assert not left, "\n".join(left)


async def take(mailbox: Tool, raw: bytes) -> None:
    """The mail is taken."""
    answer = await mailbox.post(raw, content_type="message/rfc822")
    assert answer.status_code == 202, answer.text
    await process_all(mailbox.api.ledger)


async def newest(admin: Client) -> str:
    """By which our mails call the newest ticket."""
    (ticket, *_) = (await admin.read("/v1/incidents", sort="-opened_at"))["items"]
    return f"<incident.{ticket['id']}@desk.example.com>"
