"""Records with more entries than a page shows: the page has the newest ones, and the way to the others."""

from __future__ import annotations

import re

import pytest

from app.common.people import Role
from app.common.times.clocks import ClockEventType
from app.desk import record_lists
from tests.api.test_edit import edited
from tests.client import Api, Client, Json, an_incident
from tests.clocks import append_clock_event
from tests.desk.test_pages import page
from tests.processes.changes.samples import a_board

EARLIER, TO_EARLIER = "Earlier entries are on another page.", "Show earlier entries"
IN_CHINESE = "更早的记录在另一页。", "查看更早的记录"
#: The most rows that pages read at once in these tests, instead of 200.
FEW = 6


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_lists, "MOST_ROWS", FEW)


@pytest.fixture
async def lin(api: Api) -> Client:
    return await api.client("Lin", Role.agent, Role.incident_manager)


@pytest.fixture
async def zhao(api: Api) -> Client:
    return await api.client("Zhao Min")


async def commented(writer: Client, requester: Client, many: int) -> Json:
    """An incident of the requester with so many comments."""
    incident = await requester.post_ok("/v1/incidents", an_incident())
    await comment_on(writer, incident, range(1, many + 1))
    return incident


async def comment_on(writer: Client, incident: Json, numbers: range) -> None:
    for n in numbers:
        await writer.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": f"Word no. {n}."})


async def retitle(writer: Client, incident: Json, title: str) -> None:
    await edited(writer, await writer.read(f"/v1/incidents/{incident['id']}"), {"title": title})


def words_of(html: str) -> list[int]:
    """The numbers of the comments on a page, in their order."""
    return [int(number) for number in re.findall(r"Word no\. (\d+)\.", html)]


def ways_to(html: str, name: str) -> list[str]:
    """The addresses of the earlier entries of that list, as the page has them."""
    return re.findall(rf'{EARLIER} <a href="([^"]*/list/{name}\?cursor=[^"]+)">{TO_EARLIER}</a>', html)


async def pages_back(reader: Client, address: str, name: str) -> list[str]:
    """The page at the address, and those with earlier entries of the list, one after the other."""
    pages = [await page(reader, address)]
    while addresses := ways_to(pages[-1], name):
        pages.append(await page(reader, addresses[0]))
    return pages


async def test_a_long_conversation_shows_its_end_and_its_beginning_is_on_other_pages(
    lin: Client, zhao: Client
) -> None:
    number = (await commented(lin, zhao, 14))["number"]
    pages = await pages_back(lin, f"/desk/incident/{number}", "timeline")
    assert [words_of(html) for html in pages] == [[9, 10, 11, 12, 13, 14], [3, 4, 5, 6, 7, 8], [1, 2]]
    assert ["<span>reported</span>" in html for html in pages] == [False, False, True]
    assert pages[0].index(EARLIER) < pages[0].index("Word no. 9.")


async def test_a_comment_that_is_withdrawn_later_stays_where_it_was_written(
    lin: Client, zhao: Client
) -> None:
    incident = await commented(lin, zhao, 14)
    path = f"/v1/incidents/{incident['id']}"
    second = (await lin.read(f"{path}/comments"))["items"][1]["id"]
    await lin.post_ok(f"{path}/correct_comment", {"comment": second, "text": "Word no. 22."})
    await lin.post_ok(f"{path}/withdraw_comment", {"comment": second})
    pages = await pages_back(lin, f"/desk/incident/{incident['number']}", "timeline")
    assert [words_of(html) for html in pages] == [[11, 12, 13, 14], [5, 6, 7, 8, 9, 10], [1, 3, 4]]
    assert ["This message was withdrawn" in html for html in pages] == [False, False, True]


async def test_a_requester_reads_the_newest_messages_first_and_then_the_earlier_ones(
    lin: Client, zhao: Client
) -> None:
    number = (await commented(lin, zhao, 14))["number"]
    pages = await pages_back(zhao, f"/portal/incident/{number}", "comments")
    assert [words_of(html) for html in pages] == [[9, 10, 11, 12, 13, 14], [3, 4, 5, 6, 7, 8], [1, 2]]
    assert pages[0].index(EARLIER) < pages[0].index("Word no. 9.")
    timelines = await pages_back(zhao, f"/portal/incident/{number}", "timeline")
    assert [html.count("commented") for html in timelines] == [6, 6, 2]
    assert "reported" in timelines[-1]


async def test_a_short_conversation_has_no_way_to_earlier_entries(lin: Client, zhao: Client) -> None:
    number = (await commented(lin, zhao, FEW - 1))["number"]
    for reader, address in ((lin, f"/desk/incident/{number}"), (zhao, f"/portal/incident/{number}")):
        html = await page(reader, address)
        assert words_of(html) == list(range(1, FEW))
        assert EARLIER not in html


async def test_the_way_to_earlier_entries_is_also_in_chinese(lin: Client, zhao: Client) -> None:
    number = (await commented(lin, zhao, 9))["number"]
    for reader, address in ((lin, f"/desk/incident/{number}"), (zhao, f"/portal/incident/{number}")):
        html = await page(reader, address, **{"Accept-Language": "zh"})
        assert all(words in html for words in IN_CHINESE)


async def test_the_page_of_a_list_ends_with_its_newest_rows_and_leads_to_the_earlier_ones(
    lin: Client, zhao: Client
) -> None:
    number = (await commented(lin, zhao, 9))["number"]
    pages = await pages_back(lin, f"/desk/incident/{number}/list/comments", "comments")
    assert [words_of(html) for html in pages] == [[4, 5, 6, 7, 8, 9], [1, 2, 3]]


async def test_comments_without_events_on_the_page_are_not_taken_for_the_newest(
    lin: Client, zhao: Client
) -> None:
    """Other events between make fewer comments stand on the page than its list of comments has."""
    incident = await commented(lin, zhao, 8)
    for n in range(3):
        await retitle(lin, incident, f"Title {n}")
    pages = await pages_back(lin, f"/desk/incident/{incident['number']}", "timeline")
    assert [words_of(html) for html in pages] == [[6, 7, 8], [1, 2, 3, 4, 5]]


async def test_a_change_is_shown_with_the_value_before_it_though_that_was_set_on_another_page(
    lin: Client, zhao: Client
) -> None:
    incident = await commented(lin, zhao, 9)
    await retitle(lin, incident, "Mail is back")
    html = await page(lin, f"/desk/incident/{incident['number']}")
    assert "<del>Mail does not arrive</del>" in html
    assert "<ins>Mail is back</ins>" in html


async def test_a_requester_is_asked_the_question_of_the_hold_however_much_followed(
    api: Api, lin: Client, zhao: Client
) -> None:
    incident = await commented(lin, zhao, 2)
    path = f"/v1/incidents/{incident['id']}"
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/hold", {"reason": "awaiting_requester", "question": "Which laptop is it?"})
    before = (await page(zhao, f"/portal/incident/{incident['number']}")).count("Which laptop is it?")
    for _ in range(2 * FEW):
        await append_clock_event(api.ledger, f"incident/{incident['id']}", ClockEventType.warned)
    html = await page(zhao, f"/portal/incident/{incident['number']}")
    assert html.count("Which laptop is it?") == before


async def test_all_rows_can_be_chosen_in_a_form(lin: Client, zhao: Client) -> None:
    incident = await commented(lin, zhao, 2 * FEW + 1)
    html = await page(lin, f"/desk/incident/{incident['number']}/correct_comment")
    assert words_of(html) == list(range(1, 2 * FEW + 2))


async def test_a_table_on_the_page_of_a_record_has_its_newest_rows(lin: Client) -> None:
    path = "/v1/incidents/" + (await lin.post_ok("/v1/incidents", an_incident()))["id"]
    for n in range(1, FEW + 3):
        await lin.post_ok(f"{path}/add_task", {"title": f"Word no. {n}.", "assignee": "me"})
    html = await page(lin, path.replace("/v1/incidents", "/desk/incident"))
    (address,) = ways_to(html, "tasks")
    table = html[html.index(address) :]
    assert words_of(table)[:FEW] == list(range(3, FEW + 3))
    assert words_of(await page(lin, address)) == [1, 2]


async def test_the_sentence_on_an_open_vote_names_everybody_who_has_yet_to_vote(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    address = path.replace("/v1/changes", "/desk/change")
    step = re.compile(r'<p class="next-step">(.*?)</p>', re.DOTALL)
    with monkeypatch.context() as patch:
        patch.setattr(record_lists, "MOST_ROWS", 200)
        sentences = step.findall(await page(board.manager, address))
    monkeypatch.setattr(record_lists, "MOST_ROWS", 1)
    assert "Nils" in "".join(sentences)
    assert step.findall(await page(board.manager, address)) == sentences


async def test_a_cursor_that_no_page_has_given_is_refused_in_words(lin: Client, zhao: Client) -> None:
    number = (await commented(lin, zhao, 1))["number"]
    for name in ("comments", "timeline"):
        answer = await lin.get(f"/desk/incident/{number}/list/{name}?cursor=W10")
        assert answer.status_code == 400
        assert "<h1>" in answer.text
