"""Further recipients of a mail: those who see the ticket follow it, all are named, and nobody sees more."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver, follow_addresses
from tests.webhooks.tools import Tool

TO_ALL = {
    "Cc": "Lin <lin@example.org>, Zoe <zoe@example.org>, Outside <o@elsewhere.example>",
    "Delivered_To": "desk@example.com",
}


async def followers(tool: Tool, ticket: Json) -> set[str]:
    """The names of those who follow the ticket."""
    rows = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/followers"))["items"]
    return {row["person"]["name"] for row in rows}


async def with_colleagues(api: Api) -> tuple[Tool, Client]:
    """A mailbox, and a requester; an agent has an address here, and so have two requesters."""
    tool = await a_mailbox(api)
    await api.client("Lin", Role.agent)
    zoe = await api.client("Zoe")
    await follow_addresses(api)
    return tool, zoe


async def test_recipients_who_see_the_ticket_follow_it_and_all_are_named(api: Api) -> None:
    tool, zoe = await with_colleagues(api)
    await deliver(tool, a_mail("kim@example.org", **TO_ALL))
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    assert await followers(tool, ticket) == {"Lin"}
    record = await tool.admin.read(f"/v1/incidents/{ticket['id']}")
    assert record["description"] == (
        "Since this morning.\n\nAlso sent to: Lin <lin@example.org>, Zoe <zoe@example.org>, "
        "Outside <o@elsewhere.example>"
    )
    assert (await zoe.get(f"/v1/incidents/{ticket['id']}")).status_code == 404, "a mail proves nobody"


async def test_a_reply_to_all_keeps_its_recipients_folded_and_shows_nobody_the_ticket(api: Api) -> None:
    tool, zoe = await with_colleagues(api)
    await deliver(tool, a_mail("kim@example.org"))
    await follow_addresses(api)
    (ticket,) = await tool.tickets()
    reply = {"message_id": "<2@example.org>", "In_Reply_To": "<1@example.org>", "text": "It beeps.\n"}
    await deliver(tool, a_mail("kim@example.org", **reply, **TO_ALL))
    (comment,) = (await tool.admin.read(f"/v1/incidents/{ticket['id']}/comments"))["items"]
    assert comment["text"] == "It beeps."
    assert "zoe@example.org" in comment["folded"]
    assert "desk@example.com" not in comment["folded"]
    assert await followers(tool, ticket) == {"Lin"}
    assert (await zoe.get(f"/v1/incidents/{ticket['id']}")).status_code == 404


async def test_a_mail_in_the_thread_of_another_opens_a_ticket_that_staff_see_linked(api: Api) -> None:
    tool, zoe = await with_colleagues(api)
    await deliver(tool, a_mail("kim@example.org", **TO_ALL))
    await follow_addresses(api)
    answer = a_mail("zoe@example.org", message_id="<2@example.org>", In_Reply_To="<1@example.org>")
    done = await deliver(tool, answer)
    assert [effect["outcome"] for effect in done["effects"]] == ["opened"]
    first, second = await tool.tickets()
    links = (await tool.admin.read(f"/v1/incidents/{second['id']}/links"))["items"]
    assert [(link["kind"], link["other"]["number"]) for link in links] == [("relates_to", first["number"])]
    assert (await zoe.read(f"/v1/incidents/{second['id']}/links"))["items"] == []
