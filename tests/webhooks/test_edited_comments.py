"""A comment that is edited over there has its newest text here, in whatever order its deliveries come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.extent import WHOLE
from tests.webhooks.test_receiving import an_admin, an_issue
from tests.webhooks.tools import Tool, a_source, clock

#: Two events of one minute have one time, however long a test takes.
BEGUN = clock().replace(microsecond=0)
TEXTS = ("It is cold.", "It is warm.", "It is hot.")


def told(n: int, text: str, case: int) -> Json:
    """The n-th delivery of a comment, so many minutes after a month ago."""
    written = clock().replace(microsecond=0) - timedelta(days=30)
    comment = {"id": 81, "body": text, "user": {"login": "lin", "id": 3}}
    comment |= {"created_at": written.isoformat(), "updated_at": (written + timedelta(minutes=n)).isoformat()}
    return an_issue("edited" if n else "created", id=case) | {"comment": comment}


async def comments(tool: Tool, number: str) -> list[Json]:
    page = await tool.admin.read(f"/v1/incidents/{number}/comments")
    return [item for item in page["items"] if item["text"] is not None]


async def test_the_newest_text_of_a_comment_stands_in_any_order(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    every = list(permutations(range(3)))
    for case, order in enumerate(every if WHOLE else every[::2], 9_000):
        headers = {"x_github_delivery": f"{case}-opened", "x_github_event": "issues"}
        done = await tool.deliver(an_issue(id=case), **headers)
        number = done["effects"][0]["number"]
        for n in (*order, order[0]):  # and the first once more, by another delivery
            body = told(n, TEXTS[n], case)
            headers = {"x_github_delivery": f"{case}-{n}-{clock()}", "x_github_event": "issue_comment"}
            done = await tool.deliver(body, **headers)
            assert done["state"] == "processed", (done["code"], done["reason"])
        (comment,) = await comments(tool, number)
        assert (comment["text"], comment["author"]["name"]) == (TEXTS[2], "lin"), order


async def test_what_was_withdrawn_here_is_not_said_again_by_an_edit_over_there(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "github")
    opened = await tool.deliver(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    number = opened["effects"][0]["number"]
    first = told(0, TEXTS[0], 7001)
    await tool.deliver(first, x_github_event="issue_comment", x_github_delivery="d-2")
    (comment,) = await comments(tool, number)
    withdrawn = {"comment": comment["id"]}
    await tool.admin.post_ok(f"/v1/incidents/{number}/withdraw_comment", withdrawn)
    again = await tool.deliver(
        told(1, TEXTS[1], 7001), x_github_event="issue_comment", x_github_delivery="d-3"
    )
    assert [effect["outcome"] for effect in again["effects"]][-1] == "known_already"
    assert await comments(tool, number) == []


def an_event(change: str, minutes: int, **comment: object) -> Json:
    """An event of Zendesk about the comment 9001."""
    time_text = (BEGUN - timedelta(days=30) + timedelta(minutes=minutes)).isoformat()
    detail: Json = {
        "id": "179",
        "subject": "Printer",
        "description": "d",
        "is_public": True,
        "status": "OPEN",
        "priority": "NORMAL",
    }
    detail |= {
        "requester_id": "77",
        "via": {"channel": "web"},
        "created_at": time_text,
        "updated_at": time_text,
    }
    event = {"comment": {"id": "9001", **comment}}
    type_ = f"zen:event-type:ticket.{change}"
    return {"id": f"{change}-{minutes}", "type": type_, "time": time_text, "detail": detail, "event": event}


async def shown_and_hidden(tool: Tool, number: str) -> tuple[list[str], list[str]]:
    """The texts of the public comments and of the internal ones."""
    items = await comments(tool, number)
    return tuple(  # type: ignore[return-value]  # two lists
        [item["text"] for item in items if item["visibility"] == kind] for kind in ("public", "internal")
    )


async def a_public_comment(api: Api) -> tuple[Tool, str]:
    tool = await a_source(api, await an_admin(api), "zendesk")
    opened = await tool.deliver(an_event("created", 0))
    author = {"id": "8", "name": "Ola"}
    added = an_event("comment_added", 1, body="Card 4111", is_public=True, author=author)
    await tool.deliver(added)
    number = opened["effects"][0]["number"]
    assert await shown_and_hidden(tool, number) == (["Card 4111"], [])
    return tool, number


async def test_a_comment_that_is_made_internal_in_the_tool_is_internal_here(api: Api) -> None:
    tool, number = await a_public_comment(api)
    before = await api.head()
    for _ in range(2):
        done = await tool.deliver(an_event("comment_made_private", 2))
        assert done["state"] == "processed", done
    events = (await tool.admin.read(f"/v1/incidents/{number}/events"))["items"]
    hiding = [event for event in events if event["position"] > before and "comment" in event["type"]]
    assert len({event["recorded_at"] for event in hiding}) == 1, "one append, so that none is left undone"
    assert await shown_and_hidden(tool, number) == ([], ["Card 4111"])
    edited = an_event("comment_added", 3, body="The customer has not paid.", is_public=False)
    await tool.deliver(edited)
    assert await shown_and_hidden(tool, number) == ([], ["The customer has not paid."])


async def test_only_a_newer_delivery_makes_an_internal_comment_public(api: Api) -> None:
    tool, number = await a_public_comment(api)
    await tool.deliver(an_event("comment_added", 2, body="Root password is hunter2", is_public=False))
    assert await shown_and_hidden(tool, number) == ([], ["Root password is hunter2"])
    for minute in (1, 2):
        await tool.deliver(
            an_event("comment_added", minute, body="Card 4112", is_public=True, author={"id": "8"})
        )
        assert "Card 4112" not in (await shown_and_hidden(tool, number))[0]
    await tool.deliver(an_event("comment_added", 3, body="Please restart it.", is_public=True))
    assert await shown_and_hidden(tool, number) == (["Please restart it."], [])


async def test_of_two_texts_in_one_second_the_one_that_arrives_later_stands(api: Api) -> None:
    tool, number = await a_public_comment(api)
    for n, text in enumerate(("Card 4112", "Card 4113")):
        event = an_event("comment_added", 1, body=text, is_public=True)
        await tool.deliver(event | {"id": f"again-{n}"})
        assert await shown_and_hidden(tool, number) == ([text], [])


async def test_a_comment_that_is_redacted_in_the_tool_is_withdrawn_here(api: Api) -> None:
    tool, number = await a_public_comment(api)
    await tool.deliver(an_event("comment_redacted", 2))
    assert await shown_and_hidden(tool, number) == ([], [])


async def test_a_change_of_a_comment_that_was_never_here_is_ignored(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "zendesk")
    await tool.deliver(an_event("created", 0))
    done = await tool.deliver(an_event("comment_redacted", 1))
    assert [effect["outcome"] for effect in done["effects"]] == ["updated", "ignored"]


WHOLE_TEXT = "The card 4111 was stolen. " + "word " * 5_000
PICTURE = "![it](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAAC)"


async def readable_files(client: Client, number: str) -> list[tuple[str, str]]:
    """The names and visibilities of the files whose content the client can read."""
    files = (await client.read(f"/v1/incidents/{number}/attachments"))["items"]
    contents = [
        (file, await client.get(f"/v1/incidents/{number}/attachments/{file['id']}/content")) for file in files
    ]
    assert {answer.status_code for file, answer in contents if file["withdrawn_at"]} <= {410}
    return sorted((file["name"], file["visibility"]) for file, answer in contents if answer.is_success)


async def a_comment_with_files(api: Api, key: str = "zendesk") -> tuple[Tool, str, Client]:
    """A ticket with a public comment that has two files, and somebody who follows the ticket."""
    tool = await a_source(api, await an_admin(api), "zendesk", key=key)
    requester = await api.client("Zhao", Role.requester)
    opened = await tool.deliver(an_event("created", 0))
    number = opened["effects"][0]["number"]
    await tool.admin.post_ok(f"/v1/incidents/{number}/follow", {"person": requester.id})
    await tool.deliver(with_files(1, is_public=True))
    expected = [("comment.txt", "public"), ("picture-1.png", "public")]
    assert await readable_files(requester, number) == expected
    return tool, number, requester


def with_files(minutes: int, **comment: object) -> Json:
    written: Json = {"body": f"{PICTURE} {WHOLE_TEXT}", "author": {"id": "8"}, **comment}
    return an_event("comment_added", minutes, **written)


#: What hides the files of a comment from requesters: one event without its text, and one with it.
HIDING = {"alone": an_event("comment_made_private", 2), "with its text": with_files(2, is_public=False)}


@each_case("event", HIDING)
async def test_the_files_of_a_comment_become_internal_with_it(api: Api, event: str) -> None:
    tool, number, requester = await a_comment_with_files(api, event.replace(" ", "-"))
    before = await requester.read(f"/v1/incidents/{number}/attachments")
    for _ in range(2):
        done = await tool.deliver(HIDING[event] | {"id": f"{event}-{uuid4()}"})
        assert done["state"] == "processed", done
        assert await readable_files(requester, number) == []
        internal = [("comment.txt", "internal"), ("picture-1.png", "internal")]
        assert await readable_files(tool.admin, number) == internal
    (comment,) = await comments(tool, number)
    assert comment["altered"] == {"text": ["cut"]}
    events = (await requester.get(f"/v1/incidents/{number}/events")).text
    assert [file["name"] for file in before["items"] if file["name"] in events] == []
    # An old delivery that is sent again shows them to nobody.
    await tool.deliver(with_files(1, is_public=True) | {"id": "again"})
    assert await readable_files(requester, number) == []
    await tool.deliver(with_files(3, is_public=True))
    assert await readable_files(requester, number) == [("comment.txt", "public"), ("picture-1.png", "public")]


async def test_files_of_a_comment_that_was_hidden_before_it_arrived_are_internal(api: Api) -> None:
    tool, number, requester = await a_comment_with_files(api)
    await tool.deliver(with_files(5, id="9002", is_public=False))
    earlier_text = f"{WHOLE_TEXT} 4112"
    await tool.deliver(with_files(4, id="9002", is_public=True, body=earlier_text) | {"id": "late"})
    assert len(await readable_files(requester, number)) == 2
    assert len(await readable_files(tool.admin, number)) == 5


async def test_the_files_of_a_redacted_comment_are_withdrawn_for_ever(api: Api) -> None:
    tool, number, requester = await a_comment_with_files(api)
    await tool.deliver(an_event("comment_redacted", 2))
    for minute in (1, 3):
        event = with_files(minute, is_public=True, body=f"{WHOLE_TEXT} {minute}")
        await tool.deliver(event | {"id": f"again-{minute}"})
    for client in (requester, tool.admin):
        assert await readable_files(client, number) == []


async def test_a_first_comment_whose_readers_are_unknown_is_marked_and_for_staff(api: Api) -> None:
    tool = await a_source(api, await an_admin(api), "zendesk")
    now = BEGUN.isoformat()
    ticket = {"id": "7", "subject": "VPN", "status": "open", "description": "Card 4111", "updated_at": now}
    opened = await tool.deliver({"ticket": ticket})
    assert {"visibility": ["unreadable"]} in [effect["altered"] for effect in opened["effects"]]
    number = opened["effects"][0]["number"]
    assert await shown_and_hidden(tool, number) == ([], ["Card 4111"])
    (comment,) = await comments(tool, number)
    assert comment["altered"] == {"visibility": ["unreadable"]}
    assert (await tool.admin.read(f"/v1/incidents/{number}"))["description"] is None
