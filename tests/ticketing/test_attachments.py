"""Files that are attached to tickets: who may, who sees them, and what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.listings.attachments import disposition
from app.common.people import Role
from app.kernel.uploads import CHUNK_BYTES, ContentDamaged
from app.platform.settings import Settings
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3 * (CHUNK_BYTES // 256) + b"and a rest"
NAME = "屏幕 screen 100%.png"


async def sent(client: Client, file: bytes = PICTURE) -> str:
    """The id of a new upload."""
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=file)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def reported(client: Client) -> str:
    """The address of a new incident."""
    return f"/v1/incidents/{(await client.post_ok('/v1/incidents', an_incident()))['id']}"


async def attached(client: Client, path: str, file: bytes = PICTURE, **fields: str) -> str:
    """The id of a new attachment."""
    upload = await sent(client, file)
    await client.post_ok(f"{path}/attach", {"upload": upload, "name": NAME, **fields})
    return upload


async def listed(client: Client, path: str) -> list[Json]:
    return [item for page in await client.pages(f"{path}/attachments", limit="2") for item in page]


def code(answer: Json) -> tuple[str, str]:
    (error,) = answer["errors"]
    return error["pointer"], error["code"]


async def test_a_file_comes_back_as_it_was_sent(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    path = await reported(olu)
    upload = await attached(olu, path)
    (attachment,) = await listed(olu, path)
    assert attachment | {"attached_at": ""} == {
        "id": upload,
        "name": NAME,
        "media_type": "image/png",
        "size": len(PICTURE),
        "sha256": sha256(PICTURE).hexdigest(),
        "visibility": "public",
        "altered": None,
        "author": {"id": olu.id, "name": "Olu Adeyemi"},
        "attached_at": "",
        "withdrawn_at": None,
    }
    answer = await olu.get(f"{path}/attachments/{upload}/content")
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["content-length"] == str(len(PICTURE))


async def test_a_file_is_to_be_saved_and_never_shown_as_a_page(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    path = await reported(olu)
    upload = await attached(olu, path, b"<script>alert(1)</script>")
    assert (await listed(olu, path))[0]["media_type"] == "text/plain"
    content_path = f"{path}/attachments/{upload}/content"
    answer = await olu.get(content_path, headers={"Accept": "application/octet-stream"})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"] == (
        'attachment; filename="__ screen 100_.png"; '
        "filename*=UTF-8''%E5%B1%8F%E5%B9%95%20screen%20100%25.png"
    )
    unchanged = await olu.get(content_path, headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    await api.ledger.db.rows("delete from content.chunk returning 1")
    again = await olu.get(content_path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304, "for that nothing of the file is read"


@given(st.text(min_size=1))
def test_whatever_a_file_is_called_its_header_is_one_line_that_names_no_folder(name: str) -> None:
    name = name.encode("utf-8", "replace").decode()
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    plain, _, full = header.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert unquote(full).strip(" .")
    for file_name in (plain, unquote(full)):
        assert not set('/\\"\r\n\x00:') & set(file_name)


async def test_its_event_says_what_it_is_and_its_name_to_whoever_may_read_it(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    path = await reported(olu)
    upload = await attached(olu, path)
    event = (await olu.read(f"{path}/events"))["items"][-1]
    assert event["type"] == "incident.attached"
    assert event["given"] == {"upload": upload, "name": NAME, "visibility": "public"}
    row = event["set"][f"attachment/{upload}"]
    assert (row["size"], row["sha256"]) == (len(PICTURE), sha256(PICTURE).hexdigest())
    data = await api.ledger.db.value("select data from log.event order by position desc limit 1")
    assert b"screen" not in data


async def test_what_is_in_a_file_is_nowhere_in_the_clear(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    await attached(olu, await reported(olu), b"My private number is 4711. " * 10)
    chunks = await api.ledger.db.rows("select sealed from content.chunk")
    assert chunks
    assert all(b"4711" not in chunk["sealed"] for chunk in chunks)


async def test_a_file_is_there_for_whom_the_ticket_is_and_an_internal_one_for_staff(api: Api) -> None:
    olu, stranger = await api.client("Olu Adeyemi"), await api.client("Ann Other")
    agent = await api.client("Lin", Role.agent)
    path = await reported(olu)
    public = await attached(olu, path)
    internal = await attached(agent, path, visibility="internal")
    for client, expected in ((olu, [public]), (agent, [public, internal])):
        assert [item["id"] for item in await listed(client, path)] == expected
        events = (await client.get(f"{path}/events")).text
        for upload in (public, internal):
            answer = await client.get(f"{path}/attachments/{upload}/content")
            assert answer.status_code == (200 if upload in expected else 404)
            assert (upload in events) == (upload in expected)
    assert (await stranger.get(f"{path}/attachments")).status_code == 404
    assert (await stranger.get(f"{path}/attachments/{public}/content")).status_code == 404
    elsewhere = await reported(agent)
    assert (await agent.get(f"{elsewhere}/attachments/{public}/content")).status_code == 404
    body = {"upload": await sent(olu), "name": NAME, "visibility": "internal"}
    refused = await olu.post(f"{path}/attach", json=body)
    assert code(refused.json()) == ("/visibility", "internal_is_for_staff")


async def test_who_only_reads_sends_no_files(api: Api) -> None:
    auditor = await api.client("Audie", Role.auditor)
    assert (await auditor.put(f"/v1/uploads/{uuid4()}", content=b"x")).status_code == 403
    assert await api.ledger.db.value("select count(*) from content.upload") == 0


async def test_the_same_file_sent_again_is_the_same_and_another_one_is_refused(api: Api) -> None:
    olu, ann = await api.client("Olu Adeyemi"), await api.client("Ann Other")
    path, upload_path = await reported(olu), f"/v1/uploads/{uuid4()}"
    first = await olu.put(upload_path, content=PICTURE)
    assert (await olu.put(upload_path, content=PICTURE)).json() == first.json()
    await olu.post_ok(f"{path}/attach", {"upload": first.json()["id"], "name": NAME})
    assert (await olu.put(upload_path, content=PICTURE)).json() == first.json()
    assert (await olu.put(upload_path, content=PICTURE[:-1])).json()["code"] == "upload_taken"
    assert (await ann.put(upload_path, content=PICTURE)).status_code == 404
    answer = await olu.get(f"{path}/attachments/{first.json()['id']}/content")
    assert answer.content == PICTURE


@in_test_all
async def test_a_file_is_attached_once_however_many_try_at_once(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    places = [await reported(olu) for _ in range(8)]
    body = {"upload": await sent(olu), "name": NAME}
    answers = await asyncio.gather(*(olu.post(f"{path}/attach", json=body) for path in places))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    answers.append(await olu.post(f"{places[0]}/attach", json=body))
    refused = [code(answer.json()) for answer in answers if answer.status_code == 422]
    assert set(refused) == {("/upload", "attached_already")}
    assert sum([len(await listed(olu, path)) for path in places]) == 1


async def test_with_an_idempotency_key_attaching_is_answered_again(api: Api) -> None:
    olu = await api.client("Olu Adeyemi")
    path, body = await reported(olu), {"upload": await sent(olu), "name": NAME}
    answers = [
        await olu.post(f"{path}/attach", json=body, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_nobody_attaches_what_another_has_sent_or_what_never_came(api: Api) -> None:
    olu, lin = await api.client("Olu Adeyemi"), await api.client("Lin", Role.agent)
    path = await reported(olu)
    for upload in (await sent(lin), str(uuid4())):
        refused = await olu.post(f"{path}/attach", json={"upload": upload, "name": NAME})
        assert code(refused.json()) == ("/upload", "no_such_upload")


@each_case("name", ["../passwd", "C:\\x.png", "x\u202egnp.exe", "a\nb", ""])
async def test_a_name_is_one_line_and_no_path(api: Api, name: str) -> None:
    olu = await api.client("Olu Adeyemi")
    refused = await olu.post(f"{await reported(olu)}/attach", json={"upload": await sent(olu), "name": name})
    assert refused.status_code == 422
    assert code(refused.json())[0] == "/name"


async def test_a_withdrawn_file_can_be_read_by_nobody_and_staff_alone_withdraw(api: Api) -> None:
    zhao, agent = await api.client("Zhao", Role.requester), await api.client("Lin", Role.agent)
    path = await reported(zhao)
    file, other_file = (
        await attached(zhao, path),
        await attached(zhao, path, b"Other bytes.", name="kept.txt"),
    )
    named = {"attachment": file}
    assert (await zhao.post(f"{path}/withdraw_attachment", json=named)).status_code == 403
    await agent.post_ok(f"{path}/withdraw_attachment", named)
    for client in (zhao, agent):
        rows = {row["id"]: row for row in await listed(client, path)}
        assert rows[file]["name"] is None
        assert rows[file]["withdrawn_at"] is not None
        assert (rows[other_file]["name"], rows[other_file]["withdrawn_at"]) == ("kept.txt", None)
        assert (await client.get(f"{path}/attachments/{file}/content")).status_code == 410
        assert (await client.get(f"{path}/attachments/{other_file}/content")).status_code == 200
        assert NAME not in (await client.get(f"{path}/events")).text
    again = await agent.post(f"{path}/withdraw_attachment", json=named)
    assert again.json()["errors"][0]["code"] == "attachment_withdrawn"


async def test_of_an_erased_person_neither_files_nor_their_names_can_be_read(api: Api) -> None:
    admin, lin = await api.client("Ada", Role.admin), await api.client("Lin", Role.agent)
    olu = await api.client("Olu Adeyemi")
    path, later = await reported(olu), await sent(olu)
    theirs, ours = await attached(olu, path), await attached(lin, path)
    assert (await lin.get(f"{path}/attachments/{theirs}/content")).content == PICTURE
    await admin.post_ok(f"/v1/persons/{olu.id}/erase")
    erased = await lin.get(f"{path}/attachments/{theirs}/content", headers={"Accept-Language": "zh"})
    assert (erased.status_code, erased.json()["code"]) == (410, "content_erased")
    still = await lin.get(f"{path}/attachments/{theirs}/content", headers={"If-None-Match": "*"})
    assert still.status_code == 410, "that they have it already does not make it be there"
    assert (await lin.get(f"{path}/attachments/{ours}/content")).content == PICTURE
    attachments = await listed(lin, path)
    assert [(item["name"], item["author"]["name"]) for item in attachments] == [(None, None), (NAME, "Lin")]
    assert "screen" not in str((await lin.read(f"{path}/events"))["items"][-2])
    refused = await olu.post(f"{path}/attach", json={"upload": later, "name": NAME})
    assert refused.json()["code"] == "unauthenticated"
    refused = await olu.put(f"/v1/uploads/{uuid4()}", content=b"x")
    assert refused.json()["code"] == "unauthenticated"


DAMAGES = {
    "a chunk is missing": "delete from content.chunk where number = 1",
    "a chunk was altered": "update content.chunk "
    "set sealed = set_byte(sealed, 99, 255 - get_byte(sealed, 99)) where number = 1",
    "two chunks have changed places": "update content.chunk c set sealed = o.sealed from content.chunk o "
    "where c.number + o.number = 1",
    "all is gone": "delete from content.upload",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_what_is_not_as_it_was_sent_is_never_given_as_if_it_were(api: Api, damage: str) -> None:
    olu = await api.client("Olu Adeyemi")
    path = await reported(olu)
    upload = await attached(olu, path)
    await api.ledger.db.rows(f"{DAMAGES[damage]} returning 1")
    with pytest.raises(ContentDamaged):
        await olu.get(f"{path}/attachments/{upload}/content")


@pytest.fixture
async def narrow(place: DatabaseUrls, tmp_path: Path, settings: Settings) -> AsyncIterator[Api]:
    """An application that takes files of 1,000 bytes, and three chunks of them that wait."""
    changed = settings.model_copy(update={"upload_limit": 1_000, "waiting_limit": 3 * CHUNK_BYTES})
    async with serving(place.url, tmp_path / "secrets", changed) as opened:
        yield opened


async def test_a_file_that_is_too_large_is_refused_whether_it_says_so_or_not(narrow: Api) -> None:
    olu = await narrow.client("Olu Adeyemi")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    for content in (b"x" * 1_001, pieces()):
        refused = await olu.put(f"/v1/uploads/{uuid4()}", content=content)
        assert refused.json()["code"] == "too_large"
        assert "1000" in refused.json()["detail"]
    assert await narrow.ledger.db.value("select count(*) from content.upload") == 0
    assert (await olu.put(f"/v1/uploads/{uuid4()}", content=b"x" * 1_000)).status_code == 200


async def test_so_much_of_each_persons_waits_to_be_attached_and_no_more(narrow: Api) -> None:
    olu, ann = await narrow.client("Olu Adeyemi"), await narrow.client("Ann Other")
    path, first = await reported(olu), await sent(olu, b"a")
    answers = await asyncio.gather(*(olu.put(f"/v1/uploads/{uuid4()}", content=b"b") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers)[2:] == [409, 409]
    await sent(ann, b"c")
    while (answer := await olu.put(f"/v1/uploads/{uuid4()}", content=b"d")).status_code == 200:
        pass
    assert answer.json()["code"] == "too_much_waits"
    await olu.post_ok(f"{path}/attach", {"upload": first, "name": NAME})
    await sent(olu, b"e")
