"""A document's whole life over HTTP, by one key per role: drafted, sent back, reviewed, published, read,
revised, lent, archived, held, and destroyed by two people when its retention is over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from tests.client import Client, Json
from tests.governance.documents.conftest import AHEAD, CONTENT, Office


def code(answer: httpx.Response) -> tuple[int, str]:
    """The status of a refusal, and its code."""
    return answer.status_code, answer.json()["code"]


async def rows(client: Client, path: str, listing: str) -> list[Json]:
    items: list[Json] = (await client.read(f"{path}/{listing}"))["items"]
    return items


async def event_types(client: Client, path: str) -> list[str]:
    return [event["type"] for page in await client.pages(f"{path}/events") for event in page]


async def test_a_document_is_drafted_sent_back_reviewed_and_published(office: Office) -> None:
    path = await office.drafted()
    draft = await office.author.read(path)
    assert (draft["state"], draft["version_label"], draft["number"][:2]) == ("drafted", "0.1", "PR")
    assert (await office.author.read(f"/v1/documents/{draft['number']}"))["id"] == draft["id"]
    question = {"question": "Is it right?", "changes": "The first version. 首版。"}
    assert (await office.author.post_ok(f"{path}/submit", question))["state"] == "in_review"
    assert (await office.vote(office.manager, path, "reject"))["state"] == "drafted"
    second = await office.author.post_ok(f"{path}/revise", await office.file(office.author, b"Better."))
    assert (second["version_label"], second["edition"]) == ("0.2", 2)
    await office.author.post_ok(f"{path}/submit", question)
    assert (await office.vote(office.manager, path))["state"] == "approved"

    publication = {"effective_at": AHEAD, "review_due_at": AHEAD, "acknowledged_by": [office.reader.id]}
    assert (await office.author.post(f"{path}/publish", json=publication)).status_code == 403
    published = await office.quality.post_ok(f"{path}/publish", publication)
    assert (published["state"], published["published_label"]) == ("published", "1.0")

    (waiting,) = (await office.reader.read("/v1/documents", to_acknowledge="me"))["items"]
    assert (waiting["id"], waiting["kind"]) == (draft["id"], "document")
    await office.reader.post_ok(f"{path}/acknowledge")
    assert (await office.reader.read("/v1/documents", to_acknowledge="me"))["items"] == []
    again = await office.reader.post(f"{path}/acknowledge", json={})
    assert code(again) == (409, "acknowledged_already")

    third = await office.author.post_ok(f"{path}/revise", await office.file(office.author, b"Better still."))
    assert (third["state"], third["version_label"], third["published_label"]) == ("drafted", "1.1", "1.0")
    of_reader = await rows(office.reader, path, "document_versions")
    assert [(version["label"], version["state"]) for version in of_reader] == [("1.0", "published")]
    await office.author.post_ok(f"{path}/submit", question)
    await office.vote(office.manager, path)
    await office.quality.post_ok(f"{path}/publish", publication)
    versions = await rows(office.author, path, "document_versions")
    assert [(version["label"], version["state"]) for version in versions] == [
        ("0.1", "drafted"),
        ("1.0", "superseded"),
        ("2.0", "published"),
    ]
    assert [version["size"] for version in versions] == [len(CONTENT), 7, 13]
    (entry,) = await rows(office.author, path, "documents")
    assert (entry["version_label"], entry["state"], entry["id"]) == ("2.0", "published", draft["id"])


async def test_departments_countersign_unanimously_where_wanted(office: Office) -> None:
    leads = {}
    for key in ("finance", "legal"):
        leads[key] = await office.api.client(key.capitalize(), f"agent@team/{await office.api.team(key)}")
        admin = await office.api.client(f"Admin of {key}", "admin")
        team = await admin.read(f"/v1/teams/{key}")
        answer = await admin.patch(
            f"/v1/teams/{team['id']}", json={"lead": leads[key].id}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
    path = await office.drafted(countersigning_teams=["finance", "legal"])
    await office.author.post_ok(f"{path}/submit", {"question": "Right?", "changes": "All of it."})
    assert (await office.vote(office.manager, path))["state"] == "in_review"
    assert (await office.vote(leads["finance"], path))["state"] == "in_review"
    assert (await office.vote(leads["legal"], path))["state"] == "approved"
    assert (await event_types(office.quality, path))[-2:] == ["document.voted", "document.countersigned"]


async def test_access_is_asked_for_granted_and_over(office: Office) -> None:
    path = await office.published(confidentiality="internal")
    document = await office.stranger.post_ok(f"{path}/request_access", {"purpose": "The audit of this year."})
    assert document["state"] == "published"
    twice = await office.stranger.post(f"{path}/request_access", json={"purpose": "Again."})
    assert code(twice) == (409, "access_requested_already")
    grant = {"person": office.stranger.id, "until_at": AHEAD}
    await office.author.post_ok(f"{path}/grant_access", grant)
    (request,) = await rows(office.quality, path, "document_access_requests")
    assert request["granted_at"] is not None
    (reader,) = await rows(office.quality, path, "document_readers")
    assert (reader["person"]["id"], reader["granted_by"]["id"]) == (office.stranger.id, office.author.id)


async def test_a_paper_copy_is_lent_and_comes_back_once(office: Office) -> None:
    path = await office.published()
    loan = {"place": "Shelf 4", "borrower": office.reader.id, "until_at": AHEAD}
    assert (await office.author.post(f"{path}/lend", json=loan)).status_code == 403
    await office.quality.post_ok(f"{path}/lend", loan)
    (lent,) = await rows(office.quality, path, "document_loans")
    await office.quality.post_ok(f"{path}/return", {"loan": lent["id"]})
    twice = await office.quality.post(f"{path}/return", json={"loan": lent["id"]})
    assert code(twice) == (409, "returned_already")


async def test_a_document_is_destroyed_by_two_people_when_nothing_keeps_it_any_more(office: Office) -> None:
    path = await office.published(office.reader)
    quality, second = office.quality, office.second
    text = "A word that only the file's name holds."
    await quality.post_ok(f"{path}/archive", {"reason": text})
    for action in ("ask_destruction", "destroy"):
        assert code(await quality.post(f"{path}/{action}", json={})) == (409, "retention_not_over")
    office.calendar.move_on(days=3 * 365 + 2)
    await quality.post_ok(f"{path}/hold", {"reason": "A lawsuit."})
    assert code(await quality.post(f"{path}/ask_destruction", json={})) == (409, "document_held")
    await quality.post_ok(f"{path}/release_hold", {"reason": "It is settled."})
    assert code(await second.post(f"{path}/destroy", json={})) == (409, "destruction_not_asked")
    await quality.post_ok(f"{path}/ask_destruction")
    alone = await quality.post(f"{path}/destroy", json={})
    assert code(alone) == (403, "separation_of_duties")

    document = await office.author.read(path)
    assert await office.file_of(office.author, path) == 200
    destroyed = await second.post_ok(f"{path}/destroy")
    assert (destroyed["state"], destroyed["number"]) == ("destroyed", document["number"])
    assert await office.file_of(office.author, path) == 404
    keys = "select count(*) from vault.personal_key where under is not null"
    assert await office.api.ledger.db.value(keys) == 0
    events = [event for page in await quality.pages(f"{path}/events") for event in page]
    types = [event["type"] for event in events if event["given"].get("channel") != "page"]
    assert types[-3:] == [
        "document.destruction_asked",
        "document.read",
        "document.destroyed",
    ]
    reasons: list[Any] = [event["given"].get("reason") for event in events if "reason" in event["given"]]
    assert reasons == [None, None, None]
    assert [event["given"]["name"] for event in events if event["type"] == "document.drafted"] == [None]


async def test_who_wrote_a_later_version_neither_publishes_nor_confirms_it(office: Office) -> None:
    path = await office.drafted()
    await office.quality.post_ok(f"{path}/revise", await office.file(office.quality, b"Mine."))
    await office.author.post_ok(f"{path}/submit", {"question": "Right?", "changes": "The second one."})
    await office.vote(office.manager, path)
    publication = {"effective_at": AHEAD, "review_due_at": AHEAD}
    own = await office.quality.post(f"{path}/publish", json=publication)
    assert code(own) == (403, "separation_of_duties")
    await office.second.post_ok(f"{path}/publish", publication)
    own = await office.quality.post(f"{path}/confirm", json={"review_due_at": AHEAD})
    assert code(own) == (403, "separation_of_duties")
    await office.second.post_ok(f"{path}/confirm", {"review_due_at": AHEAD})


async def test_a_document_takes_the_place_only_of_one_like_it_and_at_once(office: Office) -> None:
    async def refused(path: str, **fields: str) -> list[tuple[str, str]]:
        body = {"effective_at": office.calendar.now().isoformat(), "review_due_at": AHEAD, **fields}
        answer = await office.quality.post(f"{path}/publish", json=body)
        return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]

    before = await office.published()
    old = await office.author.read(before)
    report, same = await office.approved(document_class="TE"), await office.approved()
    replaces = {"replaces": old["number"]}
    assert await refused(report, **replaces) == [("/replaces", "replaces_another_class")]
    assert await refused(same, **replaces, effective_at=AHEAD) == [
        ("/effective_at", "replaces_before_effective")
    ]
    assert await refused(same, replaces=same.rpartition("/")[2]) == [("/replaces", "replaces_itself")]
    assert await refused(same, effective_at="1990-01-01T00:00:00Z") == [
        ("/effective_at", "effective_before_written")
    ]
    soon = (office.calendar.now() + timedelta(days=1)).isoformat()
    assert await refused(same, effective_at=AHEAD, review_due_at=soon) == [
        ("/review_due_at", "due_before_effective")
    ]
    by_hand = {"successor": old["id"]}
    assert (await office.quality.post(f"{before}/supersede", json=by_hand)).status_code == 403
    body = {"effective_at": office.calendar.now().isoformat(), "review_due_at": AHEAD, **replaces}
    await office.quality.post_ok(f"{same}/publish", body)
    assert (await office.author.read(before))["state"] == "superseded"


async def test_a_file_without_content_is_no_document(office: Office) -> None:
    path = await office.drafted()
    for content in (b"", b"-", b" \n\t ", "无".encode(), b"\x89PNG"):
        refused = await office.author.post(f"{path}/revise", json=await office.file(office.author, content))
        assert [error["code"] for error in refused.json()["errors"]] == ["nothing_to_read"], content
