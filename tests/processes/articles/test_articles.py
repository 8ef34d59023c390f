"""Knowledge articles: written by one, published by another, found, suggested, used and rated."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.client import RESOLVED, Api, Client, an_incident
from tests.clocks import from_now
from tests.every_action.articles import AN_ARTICLE
from tests.extent import in_test_all

ARTICLES = "/v1/articles"
NEXT_YEAR = from_now(300)
REVIEWED = {"verdict": "Tried on two printers.", "next_review_at": NEXT_YEAR}


async def published(writer: Client, editor: Client, **changes: Any) -> str:
    """The address of an article that one has written and the other one published."""
    record = await writer.post_ok(ARTICLES, {**AN_ARTICLE, **changes})
    path = f"{ARTICLES}/{record['id']}"
    await writer.post_ok(f"{path}/submit")
    await editor.post_ok(f"{path}/publish", REVIEWED)
    return path


@pytest.fixture
async def writer(api: Api) -> Client:
    return await api.client("Writer", Role.agent, Role.knowledge_editor)


@pytest.fixture
async def editor(api: Api) -> Client:
    return await api.client("Editor", Role.knowledge_editor)


@pytest.fixture
async def visitor(api: Api) -> Client:
    return await api.client("Visitor")


async def test_nobody_publishes_their_own_article(writer: Client, editor: Client) -> None:
    record = await writer.post_ok(ARTICLES, AN_ARTICLE)
    path = f"{ARTICLES}/{record['number']}"
    assert record["number"].startswith("KNW-")
    await writer.post_ok(f"{path}/submit")
    refused = await writer.post(f"{path}/publish", json=REVIEWED)
    assert refused.json()["code"] == "separation_of_duties"
    after = await editor.post_ok(f"{path}/publish", REVIEWED)
    assert (after["state"], after["edition"], after["author"]["id"]) == ("published", 1, writer.id)


async def test_readers_find_what_is_published_for_everybody_and_nothing_else(
    writer: Client, editor: Client, visitor: Client
) -> None:
    public = await published(writer, editor)
    internal = await published(writer, editor, visibility="internal")
    draft = f"{ARTICLES}/{(await writer.post_ok(ARTICLES, AN_ARTICLE))['id']}"
    assert [(await visitor.get(path)).status_code for path in (public, internal, draft)] == [200, 404, 404]
    listed = await visitor.read(ARTICLES)
    assert [f"{ARTICLES}/{item['id']}" for item in listed["items"]] == [public]
    await editor.post_ok(f"{public}/retire", {"reason": "There are no cartridges any more."})
    assert (await visitor.get(public)).status_code == 404
    assert (await visitor.read(ARTICLES))["items"] == []


async def test_it_is_found_by_words_in_both_languages(indexed: Api) -> None:
    writer = await indexed.client("Writer", Role.engineer)
    editor = await indexed.client("Editor", Role.knowledge_editor)
    visitor = await indexed.client("Visitor")
    path = await published(writer, editor)
    for q in ("cartridges", "空白", "墨盒 封条", "blank page"):
        answer = await visitor.read(ARTICLES, q=q)
        assert [f"{ARTICLES}/{item['id']}" for item in answer["items"]] == [path], q


async def test_a_revision_is_read_after_somebody_else_has_accepted_it(
    writer: Client, editor: Client, visitor: Client
) -> None:
    path = await published(writer, editor)
    await editor.post_ok(f"{path}/propose_revision", {"answer": "Take the orange strip off."})
    changes = (await editor.read(f"{path}/events"))["items"][-1]["set"]
    (key,) = changes
    body = {"revision": key.partition("/")[2], "verdict": "Tried."}
    assert (await visitor.read(path))["answer"] == AN_ARTICLE["answer"]
    refused = await editor.post(f"{path}/accept_revision", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "is_its_author")
    after = await writer.post_ok(f"{path}/accept_revision", body)
    assert (after["answer"], after["title"], after["edition"]) == (
        "Take the orange strip off.",
        AN_ARTICLE["title"],
        2,
    )


async def test_a_revision_is_withdrawn_by_whoever_has_proposed_it_and_by_nobody_else(
    api: Api, writer: Client, editor: Client
) -> None:
    agent = await api.client("Agent", Role.agent)
    path = await published(writer, editor)
    await agent.post_ok(f"{path}/propose_revision", {"answer": "Take the orange strip off."})
    (key,) = (await editor.read(f"{path}/events"))["items"][-1]["set"]
    body = {"revision": key.partition("/")[2]}
    refused = await editor.post(f"{path}/withdraw_revision", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "proposed_by_another")
    await agent.post_ok(f"{path}/withdraw_revision", body)
    last = (await editor.read(f"{path}/events"))["items"][-1]
    assert (last["type"], last["set"]) == ("article.revision_withdrawn", {key: None})
    answer = await editor.post(f"{path}/accept_revision", json={**body, "verdict": "Tried."})
    assert answer.json()["errors"][0]["code"] == "unknown_reference"


async def test_who_may_read_an_article_changes_at_once_and_its_author_does_not_decide_it(
    writer: Client, editor: Client, visitor: Client
) -> None:
    path = await published(writer, editor)
    for visibility, status in (("internal", 404), ("public", 200)):
        body = {"visibility": visibility}
        refused = await writer.post(f"{path}/change_visibility", json=body)
        assert refused.json()["code"] == "separation_of_duties"
        after = await editor.post_ok(f"{path}/change_visibility", body)
        assert (after["visibility"], after["edition"]) == (visibility, 1)
        assert (await visitor.get(path)).status_code == status
        assert len((await visitor.read(ARTICLES))["items"]) == (status == 200)


async def test_what_helped_is_drafted_from_a_resolved_case_with_its_keys(api: Api, writer: Client) -> None:
    agent = await api.client("Agent", Role.agent)
    case = await agent.post_ok("/v1/incidents", an_incident(service="print", ci="lp-1", category="paper"))
    body = {**AN_ARTICLE, "services": None, "case": case["number"]}
    refused = await writer.post(ARTICLES, json=body)
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/case", "not_resolved")]
    await agent.post_ok(f"/v1/incidents/{case['id']}/acknowledge")
    await agent.post_ok(f"/v1/incidents/{case['id']}/assign", {"person": "me"})
    await agent.post_ok(f"/v1/incidents/{case['id']}/resolve", RESOLVED)
    record = await writer.post_ok(ARTICLES, body)
    assert (record["services"], record["categories"], record["cis"]) == (["print"], ["paper"], ["lp-1"])
    assert record["case"] == f"incident/{case['id']}"


async def test_a_use_stands_with_the_case_and_with_the_article_and_counts_once(
    api: Api, writer: Client, editor: Client
) -> None:
    path = await published(writer, editor)
    agent = await api.client("Agent", Role.agent)
    case = (await agent.post_ok("/v1/incidents", an_incident()))["id"]
    used = {"article": path.rpartition("/")[2]}
    await agent.post_ok(f"/v1/incidents/{case}/use_article", used)
    again = await agent.post(f"/v1/incidents/{case}/use_article", json=used)
    assert again.json()["errors"][0]["code"] == "there_already"
    from_there = await agent.post(f"{path}/use", json={"case": case})
    assert from_there.json()["errors"][0]["pointer"] == "/case"
    assert (await agent.read(path))["used_count"] == 1
    events = [(await agent.read(f"{where}/events"))["items"][-1] for where in (f"/v1/incidents/{case}", path)]
    assert [event["type"] for event in events] == ["incident.article_used", "article.used"]
    ends = [next(row for key, row in e["set"].items() if key.startswith("article_use/")) for e in events]
    assert ends[0]["use_id"] == ends[1]["use_id"]


async def test_everybody_rates_once_and_may_think_better_of_it(
    writer: Client, editor: Client, visitor: Client
) -> None:
    path = await published(writer, editor)
    for helped, counts in ((True, (1, 0)), (True, (1, 0)), (False, (0, 1))):
        after = await visitor.post_ok(f"{path}/rate", {"helped": helped})
        assert (after["helped_count"], after["did_not_help_count"]) == counts
    after = await editor.post_ok(f"{path}/rate", {"helped": True})
    assert (after["helped_count"], after["did_not_help_count"]) == (1, 1)


async def test_a_case_is_offered_what_the_caller_may_read_and_the_closest_first(
    api: Api, writer: Client, editor: Client, visitor: Client
) -> None:
    by_service = await published(writer, editor)
    by_ci = await published(writer, editor, services=["scan"], cis=["lp-1"])
    internal = await published(writer, editor, visibility="internal", categories=["paper"])
    await published(writer, editor, services=["mail"])
    await writer.post_ok(ARTICLES, {**AN_ARTICLE, "cis": ["lp-1"]})
    case = await visitor.post_ok("/v1/incidents", an_incident(service="print", ci="lp-1", category="paper"))
    where = f"/v1/incidents/{case['id']}/suggestions"

    async def offered(client: Client) -> list[tuple[str, list[str]]]:
        items = (await client.read(where))["items"]
        return [(f"{ARTICLES}/{item['article']['id']}", item["because"]) for item in items]

    assert await offered(visitor) == [(by_ci, ["ci"]), (by_service, ["service"])]
    assert await offered(writer) == [
        (by_ci, ["ci"]),
        (internal, ["category", "service"]),
        (by_service, ["service"]),
    ]
    stranger = await api.client("Stranger")
    assert (await stranger.get(where)).status_code == 404
    listed = await visitor.read(ARTICLES, ci="lp-1", service="scan,mail", category_not="paper")
    assert [f"{ARTICLES}/{item['id']}" for item in listed["items"]] == [by_ci]


@in_test_all
async def test_a_file_of_an_article_is_for_its_readers_and_an_internal_one_for_staff(
    writer: Client, editor: Client, visitor: Client
) -> None:
    path = await published(writer, editor)
    for visibility, status in (("public", 200), ("internal", 404)):
        sent = await writer.put(f"/v1/uploads/{uuid4()}", content=b"How the strip looks.")
        upload = sent.json()["id"]
        await writer.post_ok(
            f"{path}/attach", {"upload": upload, "name": "strip.txt", "visibility": visibility}
        )
        where = f"{path}/attachments/{upload}/content"
        assert (await editor.get(where)).content == b"How the strip looks."
        assert (await visitor.get(where)).status_code == status


async def test_half_of_the_other_language_is_refused(writer: Client) -> None:
    refused = await writer.post(ARTICLES, json={**AN_ARTICLE, "other_answer": None})
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/other_answer", "missing")]


async def test_the_stale_ones_are_found_by_when_they_are_due(writer: Client, editor: Client) -> None:
    path = await published(writer, editor)
    due = await editor.read(ARTICLES, next_review_before=from_now(400), sort="next_review_at")
    assert [f"{ARTICLES}/{item['id']}" for item in due["items"]] == [path]
    await editor.post_ok(f"{path}/confirm", {"next_review_at": from_now(600)})
    due = await editor.read(ARTICLES, next_review_before=from_now(400))
    assert due["items"] == []
    past = await editor.post(f"{path}/confirm", json={"next_review_at": "2026-01-01T00:00:00Z"})
    assert past.json()["errors"][0]["code"] == "not_ahead"
