"""Lists narrowed by `q` to what is said in their records."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from app.common.people import Role
from app.log import consumer_group as group
from app.search import query
from app.search.index import consumer
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, an_incident
from tests.waiting import until

INCIDENTS = "/v1/incidents"


def _unexpected(name: str, error: Exception) -> None:
    raise AssertionError(name) from error


@pytest.fixture
async def indexed(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """The application, with a consumer that keeps the index."""
    # On a busy machine the index may follow later than a list waits for it.
    monkeypatch.setattr(query, "WAIT_SECONDS", 20)
    index = consumer(api.ledger)
    following = asyncio.create_task(group.run(api.ledger.db.url, [index], failed=_unexpected))
    yield api
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following


async def report(client: Client, description: str, **changes: str) -> str:
    """A new incident; gives its id."""
    incident = an_incident(title="Something is wrong", description=description, **changes)
    record_id: str = (await client.post_ok(INCIDENTS, incident))["id"]
    return record_id


async def found(client: Client, q: str, **parameters: object) -> set[str]:
    """The ids of those that a search finds, on all pages."""
    pages = await client.pages(INCIDENTS, q=q, **parameters)
    return {item["id"] for page in pages for item in page}


async def test_one_finds_what_one_has_just_written(indexed: Api) -> None:
    zhao = await indexed.client("Zhao Min")
    for description, q in (
        ("收不到邮件", "邮件"),
        ("The printer burns", "PRINTERS"),
        ("VPN连不上", "vpn 连不上"),
    ):
        written = await report(zhao, description)
        page = await zhao.read(INCIDENTS, q=q)
        assert [item["id"] for item in page["items"]] == [written]
        assert page["lag_seconds"] == 0
    resolved = await zhao.read(INCIDENTS, q="relay")
    assert resolved["items"] == []
    agent = await indexed.client("Lin", Role.agent)
    await agent.post_ok(f"{INCIDENTS}/{written}/assign", {"person": "me"})
    await agent.post_ok(f"{INCIDENTS}/{written}/start")
    await agent.post_ok(f"{INCIDENTS}/{written}/resolve", RESOLVED)
    assert await found(zhao, "relay") == {written}
    await agent.post_ok(f"{INCIDENTS}/{written}/reopen", {"reason": "It is back."})
    assert await found(zhao, "relay") == set()
    await zhao.post_ok(f"{INCIDENTS}/{written}/comment", {"text": "Again since lunch."})
    assert await found(zhao, "lunch") == {written}


async def test_nobody_finds_what_they_may_not_read(indexed: Api) -> None:
    zhao, wu = await indexed.client("Zhao Min"), await indexed.client("Wu")
    lin, auditor = await indexed.client("Lin", Role.agent), await indexed.client("Ada", Role.auditor)
    hers = await report(zhao, "My laptop smells")
    body = {"text": "A laptop of the series that burns", "visibility": "internal"}
    await lin.post_ok(f"{INCIDENTS}/{hers}/comment", body)
    for client, q, expected in (
        (zhao, "laptop", 1),
        (zhao, "burns", 0),
        (zhao, "laptop burns", 0),
        (wu, "laptop", 0),
        (lin, "laptop burns", 1),
        (auditor, "burns", 1),
    ):
        page = await client.read(INCIDENTS, q=q, count="exact")
        assert (len(page["items"]), page["total"]) == (expected, expected), q


async def test_a_search_is_filtered_sorted_and_paged_like_any_list(indexed: Api) -> None:
    lin = await indexed.client("Lin", Role.agent, Role.admin)
    mail = [await report(lin, f"Mail {n}", service="mail" if n % 2 else "erp") for n in range(9)]
    await report(lin, "Something else")
    for limit in (1, 2, 9, 50):
        pages = await lin.pages(INCIDENTS, q="mail", limit=limit)
        assert [item["id"] for page in pages for item in page] == mail[::-1]
    pages = await lin.pages(INCIDENTS, q="mail", limit=2, sort="opened_at", service="mail")
    assert [item["id"] for page in pages for item in page] == mail[1::2]
    assert await found(lin, "mail", state="resolved,closed") == set()
    cursor = (await lin.read(INCIDENTS, q="mail", limit=2))["next_cursor"]
    for q in ("erp", "mail wrong"):
        answer = await lin.get(INCIDENTS, params={"q": q, "cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_words_that_are_erased_are_found_no_more(indexed: Api) -> None:
    admin, zhao = await indexed.client("Ada", Role.admin), await indexed.client("Zhao Min")
    hers = await report(zhao, "My daughter is ill")
    assert await found(admin, "daughter") == {hers}
    await admin.post_ok(f"/v1/persons/{zhao.id}/erase")

    async def gone() -> bool:
        return not await found(admin, "daughter")

    await until(gone)
    assert await found(admin, "wrong") == {hers}


@each_case(
    ("q", "language", "code", "message"),
    [
        ("…!", "en", "nothing_to_search_for", "must contain a letter, a digit or a Chinese character"),
        ("", "zh", "nothing_to_search_for", "至少要有一个字母、数字或汉字"),
        ("x" * 201, "en", "string_too_long", "must have at most 200 characters"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused(
    api: Api, q: str, language: str, code: str, message: str
) -> None:
    zhao = await api.client("Zhao Min")
    answer = await zhao.get(INCIDENTS, params={"q": q}, headers={"accept-language": language})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["parameter"], fault["code"], fault["message"]) == ("q", code, message)


async def test_without_a_worker_a_search_says_how_far_behind_it_is(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    await report(zhao, "Mail")
    page = await zhao.read(INCIDENTS, q="mail")
    assert (page["items"], page["lag_seconds"] > 0) == ([], True)
    assert (await zhao.read(INCIDENTS))["lag_seconds"] is None
    answer = await zhao.get("/v1/teams", params={"q": "zhao"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "q")


async def test_the_plan_of_a_search_is_made_for_its_words(indexed: Api) -> None:
    zhao = await indexed.client("Zhao Min")
    for _ in range(8):
        await found(zhao, "mail", count="exact")
    prepared = "select count(*) from pg_prepared_statements where statement like '%%tsquery%%'"
    assert await indexed.ledger.db.value(prepared, {}) == 0
