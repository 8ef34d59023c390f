"""Proofs over HTTP, and the checker that knows nothing of us."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app.common.people import Role
from app.platform.db import Connection, connect
from app.sealing import check_proof
from app.sealing.seal import seal
from app.sealing.signed_heads import SignedHead
from app.sealing.targets import FolderTarget
from app.sealing.verify import verify
from tests.client import Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import first_of

CHECKER = Path(check_proof.__file__)
CHECKER_TEXT = CHECKER.read_bytes()


@pytest.fixture
async def service(place: DatabaseUrls) -> AsyncIterator[Connection]:
    connection = await connect(place.url)
    yield connection
    await connection.close()


async def sealed_now(service: Connection, folder: Path) -> SignedHead:
    signed = await seal(service, folder, lambda: datetime.now(UTC))
    assert signed is not None
    return signed


async def all_events(service: Connection) -> dict[str, int]:
    """The positions of all events by their ids."""
    cursor = await service.execute("select id::text, position from log.event")
    return dict(await cursor.fetchall())


def check(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """What the checker says, as a file by itself in an interpreter that has no packages."""
    alone = folder / "alone"
    alone.mkdir(exist_ok=True)
    shutil.copy(CHECKER, alone)
    command = [sys.executable, "-I", "-S", str(alone / CHECKER.name), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout + ended.stderr


def written(folder: Path, name: str, content: Json | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return name


async def a_ticket(api: Api, admin: Client, requester: Client) -> Json:
    incident = await requester.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await admin.post_ok(f"{path}/assign", {"team": await api.staffed_team("network")})
    for visibility in ("internal", "public"):
        await admin.post_ok(f"{path}/comment", {"text": f"{visibility} word", "visibility": visibility})
    return incident


async def test_everybody_has_the_proof_of_exactly_what_they_see(
    api: Api, service: Connection, tmp_path: Path
) -> None:
    admin = await api.client("root", Role.admin, Role.agent)
    requester, auditor = await api.client("asks", Role.requester), await api.client("audits", Role.auditor)
    other, anonymous = await api.client("other", Role.requester), api.with_token(None)
    incident = await a_ticket(api, admin, requester)
    signed = await sealed_now(service, tmp_path)
    events = await all_events(service)
    for reader in (admin, requester, auditor, other):
        visible_ids = {event["id"] for page in await reader.pages("/v1/events") for event in page}
        for event_id in events:
            answer = await reader.get(f"/v1/events/{event_id}/proof")
            assert (answer.status_code == 200) == (event_id in visible_ids), answer.text
            if event_id not in visible_ids:
                assert answer.json()["code"] == "not_found"
    public = [event for page in await requester.pages("/v1/events") for event in page]
    of_ticket = [event for event in public if event["stream"] == f"incident/{incident['id']}"]
    assert 0 < len(of_ticket) < 4  # the internal word is not for them
    assert (await anonymous.get(f"/v1/events/{public[0]['id']}/proof")).status_code == 401
    assert (await admin.get("/v1/events/nothing/proof")).status_code == 422
    folder = FolderTarget(tmp_path / "exported")
    head = str(folder.write(signed))
    for event in of_ticket:  # seen in part: hidden fields are not in it
        proof = await requester.get(f"/v1/events/{event['id']}/proof")
        assert len(proof.content) <= 2_000
        names = written(tmp_path, "proof.json", proof.content), written(tmp_path, "event.json", event)
        code, printed = check(tmp_path, names[0], "--head", head, "--event", names[1], PATH="")
        assert (code, "NOT CHECKED" in printed, "position" in printed) == (0, True, True), printed
    code, printed = check(
        tmp_path, "proof.json", "--head", head, "--key", signed.head.key, PATH="/usr/bin:/bin"
    )
    assert (code, "as expected" in printed) == (0, True), printed
    assert check(tmp_path, "proof.json", "--head", head, "--key", "0" * 64)[0] == 1


async def test_a_proof_that_was_altered_does_not_hold(api: Api, service: Connection, tmp_path: Path) -> None:
    admin = await api.client("root", Role.admin, Role.agent)
    await a_ticket(api, admin, admin)
    signed = await sealed_now(service, tmp_path)
    (page, *_) = await admin.pages("/v1/events", limit="200")
    proof = await admin.read(f"/v1/events/{page[-1]['id']}/proof")
    head, path = written(tmp_path, "head.json", signed.file_bytes()), b64decode(proof["path"])
    forged_head = signed.members() | {"signature": "A" * 86 + "=="}
    for name, altered in (
        *(
            (f"leaf {name}", proof | {"leaf": proof["leaf"] | {name: "x"}})
            for name in ("actor", "type", "content")
        ),
        ("a name", proof | {"leaf": {("typo" if n == "type" else n): v for n, v in proof["leaf"].items()}}),
        ("position", proof | {"leaf": proof["leaf"] | {"position": 1}}),
        ("a path too short", proof | {"path": b64encode(path[32:]).decode()}),
        ("a path too long", proof | {"path": b64encode(path + bytes(32)).decode()}),
        ("another head", proof | {"head": 2}),
    ):
        code, printed = check(tmp_path, written(tmp_path, "altered.json", altered), "--head", head)
        assert (code, "DOES NOT HOLD" in printed) == (1, True), name
    altered_event = written(tmp_path, "event.json", page[-1] | {"actor": "rule:another"})
    written(tmp_path, "proof.json", proof)
    assert check(tmp_path, "proof.json", "--head", head, "--event", altered_event)[0] == 1
    assert check(tmp_path, "proof.json", "--head", head)[0] == 0
    written(tmp_path, "forged.json", forged_head)
    assert check(tmp_path, "proof.json", "--head", "forged.json", PATH="/usr/bin:/bin")[0] == 1
    for content in first_of((b"[" * 100_000, b"{}", b"", b"[]", b"\xff"), 2):
        written(tmp_path, "bad.json", content)
        assert check(tmp_path, "bad.json", "--head", head)[0] == 2
        assert check(tmp_path, "proof.json", "--head", "bad.json")[0] == 2


async def test_younger_events_wait_for_the_next_head_and_heads_go_on_from_one_another(
    api: Api, service: Connection, tmp_path: Path
) -> None:
    admin = await api.client("root", Role.admin, Role.agent)
    assert (await admin.read("/v1/seals"))["items"] == []
    assert (await admin.get("/v1/seals/1")).status_code == 404
    first_id = next(iter(await all_events(service)))
    unsealed = await admin.get(f"/v1/events/{first_id}/proof")
    assert (unsealed.status_code, unsealed.json()["code"]) == (409, "not_sealed_yet")
    first = await sealed_now(service, tmp_path)
    await a_ticket(api, admin, admin)
    newest_id = max((await all_events(service)).items(), key=lambda entry: entry[1])[0]
    assert (await admin.get(f"/v1/events/{newest_id}/proof")).json()["code"] == "not_sealed_yet"
    second = await sealed_now(service, tmp_path)
    assert (await admin.get(f"/v1/events/{newest_id}/proof")).status_code == 200
    assert (await admin.get(f"/v1/events/{newest_id}/proof", params={"head": 1})).status_code == 409
    assert (await admin.read(f"/v1/events/{first_id}/proof", head="1"))["head"] == 1
    pages = await admin.pages("/v1/seals", limit="1")
    assert pages == [[second.members()], [first.members()]]
    assert await admin.read("/v1/seals/1") == first.members()
    heads = await admin.read("/v1/seals/2/consistency", **{"from": "1"})
    written(tmp_path, "heads.json", heads)
    for signed in (first, second):
        head_file = written(tmp_path, "head.json", signed.file_bytes())
        assert check(tmp_path, "heads.json", "--head", head_file)[0] == 0
    forged = heads["earlier"] | {"head": heads["earlier"]["head"] | {"root": "00" * 32}}
    written(tmp_path, "forged.json", heads | {"earlier": forged})
    assert check(tmp_path, "forged.json", "--head", "head.json")[0] == 1
    assert (await admin.get("/v1/seals/1/consistency", params={"from": 2})).status_code == 404
    assert (await admin.get("/v1/seals/checker")).content == CHECKER_TEXT


async def test_where_the_log_is_not_as_sealed_there_is_no_proof(
    api: Api, service: Connection, tmp_path: Path, administrator_url: str
) -> None:
    admin = await api.client("root", Role.admin)
    await sealed_now(service, tmp_path)
    event_id, position = next(iter((await all_events(service)).items()))
    with psycopg.connect(administrator_url, autocommit=True) as superuser:
        superuser.execute("alter table log.event_0000 disable trigger append_only")
        superuser.execute("update log.event_0000 set source = 'cli' where position = %s", (position,))
    answer = await admin.get(f"/v1/events/{event_id}/proof")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_as_sealed")


async def test_erasure_leaves_proofs_as_they_were(api: Api, service: Connection, tmp_path: Path) -> None:
    admin, requester = (
        await api.client("root", Role.admin, Role.agent),
        await api.client("asks", Role.requester),
    )
    await a_ticket(api, admin, requester)
    signed = await sealed_now(service, tmp_path)
    (page, *_) = await admin.pages("/v1/events", limit="200")
    before = {event["id"]: await admin.read(f"/v1/events/{event['id']}/proof", head="1") for event in page}
    await admin.post_ok(f"/v1/persons/{requester.id}/erase")
    after = {event_id: await admin.read(f"/v1/events/{event_id}/proof", head="1") for event_id in before}
    assert after == before
    await sealed_now(service, tmp_path)
    outcome = await verify(service, [signed])
    assert (outcome.finding_count, outcome.proved_up_to) == (0, signed.head.size)
