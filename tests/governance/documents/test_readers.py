"""Nobody sees a restricted document who is no reader of it: by the register, itself, its events, the feed,
the search, its files, its versions and notices; and every reading is an event that moves no version.
"""

from __future__ import annotations

from app.common.people import Role
from tests.client import Client
from tests.clocks import from_now
from tests.extent import first_of, in_test_all
from tests.governance.documents.conftest import Office

#: Whoever publishes documents, and whoever audits, sees them all.
SEE_ALL = {Role.quality_manager, Role.auditor}


async def readings_of(office: Office, path: str) -> list[tuple[str, str]]:
    """Who has read the document, and by which channel, the first first."""
    pages = await office.quality.pages(f"{path}/events", limit=200)
    return [
        (event["actor"], event["given"]["channel"])
        for page in pages
        for event in page
        if event["type"] == "document.read"
    ]


async def ways_to_see(office: Office, client: Client, path: str) -> dict[str, bool]:
    """By way, whether the client gets to see the document."""
    document_id = path.rpartition("/")[2]
    listed = (await client.read("/v1/documents", limit=200))["items"]
    matches = (await client.read("/v1/documents", q="taken incident"))["items"]
    of_text = (await client.read("/v1/documents", q="事件受理", include="excerpt"))["items"]
    printed = (await client.get("/v1/documents/register", params={"lang": "en"})).text
    answer = await client.get("/v1/documents", params={"q": "事件受理", "fields": "excerpt"})
    feed = [event for page in await client.pages("/v1/events", limit=200) for event in page]
    notices = (await client.read("/v1/notices"))["items"]
    return {
        "register": document_id in {item["id"] for item in listed},
        "search": document_id in {item["id"] for item in matches},
        "search in its file": document_id in {item["id"] for item in of_text},
        "excerpt": "受理" in answer.text,
        "printed register": (await office.author.read(path))["number"] in printed,
        "record": (await client.get(path)).status_code == 200,
        "events": (await client.get(f"{path}/events")).status_code == 200,
        "versions": (await client.get(f"{path}/document_versions")).status_code == 200,
        "file": await office.file_of(client, path) == 200,
        "feed": any(event["stream"] == f"document/{document_id}" for event in feed),
        "notices": any(document_id in str(notice) for notice in notices),
    }


async def test_no_role_alone_shows_a_restricted_document(office: Office) -> None:
    path = await office.published(office.reader)
    await office.indexed()
    for role in first_of(sorted(Role, key=SEE_ALL.__contains__, reverse=True), 3):
        client = await office.api.client(f"Holds {role}", role, teams=("network",))
        sights = await ways_to_see(office, client, path)
        # They get notices of it only by something to do.
        assert sights == {place: role in SEE_ALL and place != "notices" for place in sights}, role
    of_reader = await ways_to_see(office, office.reader, path)
    assert {place for place, is_seen in of_reader.items() if not is_seen} == {"notices"}


@in_test_all
async def test_readers_see_it_once_it_is_published_and_strangers_while_they_may(office: Office) -> None:
    draft = await office.drafted()
    await office.indexed()
    assert not any((await ways_to_see(office, office.reader, draft)).values())
    path = await office.published()
    await office.indexed()
    sights = await ways_to_see(office, office.reader, path)
    assert {place for place, is_seen in sights.items() if not is_seen} == {"notices"}
    assert not any((await ways_to_see(office, office.stranger, path)).values())
    grant = {"person": office.stranger.id, "until_at": from_now(300)}
    await office.author.post_ok(f"{path}/grant_access", grant)
    assert (await ways_to_see(office, office.stranger, path))["file"]


async def test_every_file_given_is_an_event_that_moves_no_version(office: Office) -> None:
    path = await office.published()
    before = await office.author.read(path)
    auditor = await office.api.client("Auditor", Role.auditor)
    for client in (office.reader, office.reader, auditor):
        assert await office.file_of(client, path) == 200
    assert await office.file_of(office.stranger, path) == 404
    events = [event for page in await office.quality.pages(f"{path}/events") for event in page]
    reading = {"channel": "file", "edition": 1}
    readings = [(event["actor"], event["given"]) for event in events if event["given"] == reading]
    assert readings == [
        (f"person:{office.reader.id}", reading),
        (f"person:{office.reader.id}", reading),
        (f"person:{auditor.id}", reading),
    ]
    after = await office.author.read(path)
    assert after["version"] == before["version"]
    body = {"reason": "It is old."}
    answer = await office.quality.post(
        f"{path}/archive", json=body, headers={"If-Match": f'"{before["version"]}"'}
    )
    assert answer.status_code == 200, answer.text


@in_test_all
async def test_the_record_and_excerpts_count_as_readings_once_a_request(office: Office) -> None:
    path = await office.published()
    await office.indexed()
    before = len(await readings_of(office, path))
    first = await office.reader.get(path)
    same = await office.reader.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, same.status_code) == (200, 304), "what is not sent again is not read again"
    await office.reader.read("/v1/documents", q="taken")
    (item,) = (await office.reader.read("/v1/documents", q="taken", include="excerpt"))["items"]
    assert "are taken up" in item["excerpt"]
    assert (await office.stranger.read("/v1/documents", q="taken", include="excerpt"))["items"] == []
    assert (await readings_of(office, path))[before:] == [
        (f"person:{office.reader.id}", "page"),
        (f"person:{office.reader.id}", "search"),
    ]
    assert (await office.reader.read(path))["version"] == first.json()["version"]


async def test_internal_documents_are_read_without_an_event(office: Office) -> None:
    path = await office.published(confidentiality="internal", readers=[])
    assert await office.file_of(office.stranger, path) == 200
    types = [event["type"] for page in await office.quality.pages(f"{path}/events") for event in page]
    assert "document.read" not in types


async def test_the_files_of_a_document_are_listed_to_whoever_may_open_them(office: Office) -> None:
    path = await office.published(confidentiality="internal", readers=[])
    await office.author.post_ok(f"{path}/revise", await office.file(office.author))
    for client, number in ((office.stranger, 1), (office.author, 2), (office.quality, 2)):
        files = (await client.read(f"{path}/attachments"))["items"]
        versions = (await client.read(f"{path}/document_versions"))["items"]
        assert (len(files), len(versions)) == (number, number)
        for file in files:
            assert (await client.get(f"{path}/attachments/{file['id']}/content")).status_code == 200
