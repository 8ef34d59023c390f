"""Discoveries: a tool's file is compared with the record, and each difference is settled."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from app.exchange.discoveries import comparing, statements, worker
from app.exchange.files import InMemoryFile
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import fold_comparison
from tests.extent import in_soak
from tests.foundation.cis.test_cis import a_ci, refused

AT = "/v1/discoveries"


@pytest.fixture
async def keeper(api: Api) -> Client:
    """A configuration manager."""
    return await api.client("Karin", Role.configuration_manager)


async def imported(client: Client, file: str | bytes, key: str = "scan", **more: Any) -> str:
    """The address of a discovery of that file, which is not compared yet."""
    content = file.encode() if isinstance(file, str) else file
    upload = await client.put(f"/v1/uploads/{uuid4()}", content=content)
    body = {
        "key": key,
        "source": "scanner",
        "found_at": datetime.now(UTC).isoformat(),
        "format": "csv",
        "upload": upload.json()["id"],
        **more,
    }
    record = await client.post_ok(AT, body)
    assert (record["state"], record["difference_count"]) == ("waiting", 0)
    return f"{AT}/{record['id']}"


async def compared(place: DatabaseUrls, api: Api) -> None:
    """A worker compares what waits."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        while await worker.compare_next(connection, api.ledger, datetime.now(UTC)):
            pass
    finally:
        await connection.close()


async def listed(client: Client, path: str, **filters: Any) -> list[Json]:
    pages = await client.pages(f"{path}/differences", limit=200, **filters)
    return [difference for page in pages for difference in page]


def in_short(differences: list[Json]) -> list[tuple[Any, ...]]:
    return [(d["kind"], d["identity"], d["attribute"], d["here"], d["there"]) for d in differences]


FILE = """\
Hostname,Title,Class,RAM,Services,Colour
SRV-1,Mail relay,server,64,mail,red
srv-2,The srv-2,server,32,,
srv-3,,Server,,,
srv-9,New one,server,8,mail;web,
old-1,The old-1,server,,,
"""
COLUMNS = {
    "Hostname": "key",
    "Title": "name",
    "Class": "ci_class",
    "RAM": "memory_gib",
    "Services": "services",
}
DIFFERENCES = [
    ("differs", "SRV-1", "name", "The srv-1", "Mail relay"),
    ("differs", "srv-2", "attributes.memory_gib", "64", "32"),
    ("missing", "srv-4", None, None, None),
    ("new", "srv-9", None, None, None),
    ("retired", "old-1", None, None, None),
]


async def recorded(keeper: Client) -> None:
    """Four servers in use, one that is retired, and a database."""
    for n in range(1, 5):
        await a_ci(keeper, f"srv-{n}", services=["mail"], attributes={"memory_gib": 64})
    await a_ci(keeper, "old-1")
    await keeper.post_ok("/v1/cis/old-1/retire")
    await a_ci(keeper, "db-1", ci_class="database")


async def test_what_a_tool_found_is_compared_and_each_difference_is_settled(
    api: Api, place: DatabaseUrls, keeper: Client
) -> None:
    await recorded(keeper)
    path = await imported(keeper, FILE, columns=COLUMNS, complete_classes=["server"])
    assert (await keeper.post(f"{path}/keep", json={"kind": "new", "reason": "Twice."})).status_code == 409
    await compared(place, api)
    discovery = await keeper.read(path)
    assert discovery["state"] == "open"
    differences = await listed(keeper, path)
    assert in_short(differences) == DIFFERENCES
    counts = ("line_count", "compared_count", "right_count", "difference_count", "unsettled_count")
    assert [discovery[name] for name in counts] == [5, 4, 1, 5, 5]
    assert discovery["class_counts"] == {"server": 5}
    assert discovery["right_share"] == 0.25
    by_kind = {(d["kind"], d["attribute"]): d["id"] for d in differences}

    # A third value is there by now: it is compared anew before it is settled.
    await keeper.post_ok("/v1/cis/srv-2/change_attributes", {"attributes": {"memory_gib": 48}})
    memory = by_kind["differs", "attributes.memory_gib"]
    take: Json = {"differences": [memory]}
    assert await refused(keeper, f"{path}/take_over", take) == (422, "/differences/0", "changed_meanwhile")
    await keeper.post_ok(f"{path}/compare_again")
    assert (await keeper.post(f"{path}/compare_again")).json()["code"] == "nothing_changed"
    (again,) = await listed(keeper, path, attribute="attributes.memory_gib")
    assert (again["here"], again["there"], again["settlement"]) == ("48", "32", None)

    after = await keeper.post_ok(f"{path}/take_over", take)
    assert after["unsettled_count"] == 4
    item = await keeper.read("/v1/cis/srv-2")
    assert (item["attributes"], item["unauthorised_count"]) == ({"memory_gib": 32}, 2)
    event = (await keeper.read("/v1/cis/srv-2/events"))["items"][-1]
    assert event["type"] == "ci.attributes_changed"
    assert discovery["id"] in json.dumps(event)
    assert await refused(keeper, f"{path}/take_over", take) == (422, "/differences/0", "not_unsettled")

    await keeper.post_ok(f"{path}/take_over", {"kind": "new"})
    planned = await keeper.read("/v1/cis/srv-9")
    assert (planned["state"], planned["services"]) == ("planned", ["mail", "web"])
    assert planned["attributes"] == {"memory_gib": 8}
    await _settle_the_rest(keeper, path, by_kind)

    # What was kept with the same values is not listed anew, and what was corrected is no difference.
    second = await imported(keeper, FILE, "second", columns=COLUMNS, complete_classes=["server"])
    await compared(place, api)
    assert in_short(await listed(keeper, second)) == [DIFFERENCES[-1]]
    record = await keeper.read(second)
    assert (record["kept_before_count"], record["right_share"]) == (1, 1.0)
    assert (await fold_comparison(api.ledger)).differing == {}


async def _settle_the_rest(keeper: Client, path: str, by_kind: dict[tuple[str, Any], str]) -> None:
    retired = {"differences": [by_kind["retired", None]]}
    assert await refused(keeper, f"{path}/take_over", retired) == (422, "/differences/0", "never_changed")
    raised = await keeper.post_ok(f"{path}/raise_alterations", {**retired})
    assert raised["unsettled_count"] == 2
    old = await keeper.read("/v1/cis/old-1")
    assert (old["state"], old["unauthorised_count"], old["name"]) == ("retired", 2, "The old-1")
    missing = by_kind["missing", None]
    await keeper.post_ok(f"{path}/take_over", {"differences": [missing], "change": "CHG-17"})
    assert (await keeper.read("/v1/cis/srv-4"))["state"] == "retired"
    assert (await keeper.post(f"{path}/conclude")).json()["code"] == "discovery_unsettled"
    body: Json = {"attribute": "name", "reason": "The tool does not know our names."}
    settled = await keeper.post_ok(f"{path}/keep", body)
    assert (settled["unsettled_count"], settled["right_count"], settled["right_share"]) == (0, 2, 0.5)
    assert (await keeper.post(f"{path}/keep", json=body)).json()["code"] == "nothing_to_settle"
    assert (await keeper.post_ok(f"{path}/conclude", {"summary": "Done."}))["state"] == "concluded"
    assert await listed(keeper, path, settled=False) == []
    assert len(await listed(keeper, path, settlement="taken_over")) == 3


async def test_lines_that_cannot_be_compared_are_listed_and_the_rest_is_compared(
    api: Api, place: DatabaseUrls, keeper: Client
) -> None:
    await a_ci(keeper, "srv-1", attributes={"serial": "A1"})
    await a_ci(keeper, "srv-2", attributes={"serial": "A2"})
    await a_ci(keeper, "srv-3", attributes={"serial": "A2"})
    objects = [
        {"serial": "a1", "attributes": {"rack": 7}},
        {"serial": "A1"},
        {"serial": "A2"},
        {"rack": 7},
        {"serial": "A4", "ci_class": "toaster"},
        {"serial": "A5", "rack": "x" * 201},
        {"serial": "A6", "rack": ["x"]},
        {"serial": "A7", "services": "a;" * 30},
        [],
    ]
    lines = [json.dumps(line).encode() for line in objects]
    doubled = [
        b'{"serial": "A9", "rack": 1, "rack": 2}',
        b'{"serial": "A9", "rack": 1, "attributes": {"rack": 2}}',
    ]
    odd = [b"{", b"\xff\xfe{}", b'{"serial": "A8", "rack": 1e400}', *doubled, b""]
    file = b"\n".join([*lines, *odd])
    more = {"format": "ndjson", "identified_by": "serial", "ci_class": "server"}
    path = await imported(keeper, file, complete_classes=["server"], **more)
    await compared(place, api)
    discovery = await keeper.read(path)
    assert (discovery["state"], discovery["refused_count"]) == ("open", 12)
    faults = (await keeper.read(f"{path}/refused", limit=50))["items"]
    assert [(fault["line"], fault["code"], fault["field"]) for fault in faults] == [
        (2, "listed_twice", "serial"),
        (3, "ambiguous", None),
        (4, "no_identity", "serial"),
        (5, "unknown_class", "ci_class"),
        (6, "not_usable", "rack"),
        (7, "not_usable", "rack"),
        (8, "too_many_values", "services"),
        (9, "bad_json", None),
        (10, "bad_json", None),
        (11, "undecodable", None),
        (13, "bad_json", None),
        (14, "bad_json", None),
    ]
    (page,) = await keeper.pages(f"{path}/differences")
    assert in_short(page)[0] == ("differs", "a1", "attributes.rack", None, "7")
    for key, content, why in (
        ("empty", b"", "unreadable"),
        ("other", b"a,b\n1,2\n", "no_identity"),
        ("doubled", b"key,rack,rack\n1,2,3\n", "unreadable"),
        ("packed", b"\x1f\x8bnothing", "unreadable"),
    ):
        failed = await imported(keeper, content, key)
        await compared(place, api)
        assert ((await keeper.read(failed))["state"], (await keeper.read(failed))["failure"]) == (
            "failed",
            why,
        )


async def test_a_comparison_that_was_cut_off_is_finished_and_lists_nothing_twice(
    api: Api, place: DatabaseUrls, keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "key,ci_class\n" + "".join(f"srv-{n},server\n" for n in range(300))
    path = await imported(keeper, file)
    with monkeypatch.context() as cut:
        cut.setattr(comparing, "BATCH_DIFFERENCES", 100)
        cut.setattr(statements, "FIGURES", "select 1 from nowhere")
        connection = await connect(place.url, FOLLOW_LIMITS)
        row = await api.ledger.db.row(worker.SELECT_DISCOVERY, (path.rpartition("/")[2],))
        assert row is not None
        with pytest.raises(Exception, match="nowhere"):
            await comparing.comparison_of(api.ledger, row, datetime.now(UTC)).carry_out(
                InMemoryFile("scan", file.encode()), lambda done, size: None
            )
        await connection.close()
    assert (await keeper.read(path))["difference_count"] == 300
    await compared(place, api)
    discovery = await keeper.read(path)
    assert (discovery["state"], discovery["new_count"], discovery["difference_count"]) == ("open", 300, 300)
    assert discovery["lines_read"] is None
    for left in (200, 100, 0):
        assert (await keeper.post_ok(f"{path}/take_over", {"kind": "new"}))["unsettled_count"] == left
    assert (await keeper.read("/v1/cis", count="exact", limit=1))["total"] == 300


async def test_only_who_keeps_items_sees_and_settles_discoveries(
    api: Api, place: DatabaseUrls, keeper: Client
) -> None:
    await recorded(keeper)
    engineer = await api.client("Eva", Role.engineer)
    tool = await api.client("Scanner", Role.integration)
    auditor = await api.client("Aud", Role.auditor)
    requester = await api.client("Zhao")
    path = await imported(engineer, FILE, columns=COLUMNS, complete_classes=["server"])
    await compared(place, api)
    for client, sees in ((auditor, 200), (tool, 404), (requester, 404)):
        assert (await client.get(path)).status_code == sees
        assert (await client.get(f"{path}/differences")).status_code == sees
        assert (await client.get(f"{path}/refused")).status_code == sees
        assert (await client.post(f"{path}/keep", json={"kind": "new", "reason": "Twice."})).status_code in (
            403,
            404,
        )
    assert (await engineer.post(f"{path}/take_over", json={"kind": "missing"})).status_code == 403
    body = {"key": "x", "source": "x", "format": "csv", "found_at": "2026-01-01T00:00:00Z"}
    assert (await requester.post(AT, json=body)).status_code == 403
    assert await refused(keeper, AT, body) == (422, "/upload", "missing")
    late = {**body, "found_at": "2199-01-01T00:00:00Z"}
    late["upload"] = (await keeper.put(f"/v1/uploads/{uuid4()}", content=b"x")).json()["id"]
    assert await refused(keeper, AT, late) == (422, "/found_at", "in_the_future")
    assert (await keeper.post(f"{path}/keep", json={"reason": "Twice."})).json()["errors"][0][
        "code"
    ] == "missing"
    assert (await keeper.post_ok(f"{path}/discard"))["state"] == "discarded"


@in_soak
async def test_ten_thousand_items_are_compared_in_well_under_a_minute(
    api: Api, place: DatabaseUrls, keeper: Client
) -> None:
    await ten_thousand(api, place, keeper)


async def ten_thousand(api: Api, place: DatabaseUrls, keeper: Client) -> float:
    """The seconds that it takes to compare 10,000 items with as many, of which 1,000 differ."""
    fill = """
    insert into fold.ci (id, version, changed_at, state, key, name, ci_class, services, attributes,
      planned_at, live_at, unauthorised, unauthorised_count)
    select gen_random_uuid(), 2, now(), 'live', 'host-' || n, 'Host ' || n, 'server', '{mail}',
      jsonb_build_object('memory_gib', 64, 'system', 'Debian 13', 'serial', 'S' || n), now(), now(), false, 0
    from generate_series(1, 10000) n"""
    connection = await connect(place.owner_url, FOLLOW_LIMITS)
    await connection.execute(fill.encode())
    await connection.close()
    rows = (f"host-{n},Host {n},server,{32 if n % 10 == 0 else 64},Debian 13,S{n}" for n in range(1, 10_001))
    file = "\n".join(["key,name,ci_class,memory_gib,system,serial", *rows])
    path = await imported(keeper, file, complete_classes=["server"])
    begun = datetime.now(UTC)
    await compared(place, api)
    seconds = (datetime.now(UTC) - begun).total_seconds()
    discovery = await keeper.read(path)
    assert (discovery["compared_count"], discovery["differing_count"]) == (10_000, 1_000)
    assert seconds < 60
    return seconds
