"""What no honest client sends: always a problem document, never a failure of ours, nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.api.direct import MOST_VALUES
from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, Client, an_incident
from tests.extent import WHOLE

LONGEST = 100_000
LONGEST_PATH = 60_000
MAY_STAND_IN_A_PARAGRAPH = set("\n\x85\u2028\u202e\u2066")


async def refused(
    shared: Api, client: Client, body: str | bytes, *, path: str = "/v1/incidents", **headers: str
) -> int:
    """Sends bytes as JSON; fails if anything comes of it. Gives the status."""
    head = await shared.head()
    content = body if isinstance(body, bytes) else body.encode("utf-8")
    answer = await client.post(path, content=content, headers={"Content-Type": "application/json", **headers})
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert await shared.head() == head
    return answer.status_code


def said(**changes: Any) -> str:
    """A report as JSON, in ASCII."""
    return json.dumps(an_incident(**changes))


async def test_json_that_is_broken_or_out_of_all_measure(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    keyed = {"Idempotency-Key": "k"}
    unreadable: list[str | bytes] = [
        "{",
        "[" * MOST_VALUES,
        '{"a":' * MOST_VALUES,
        '{"title": 1' + "0" * 5_000 + "}",
        said()[:-1] + "} trailing",
        '{"title": "\x01"}',
        b"\xff\xfe\x00",
        said().encode()[:-1] + b"\xff}",
        '{"title": "caf\xe9"}'.encode("latin-1"),
        "'single'",
    ]
    for body in unreadable:
        assert await refused(shared, zhao, body) == 400, body[:40]
        assert await refused(shared, zhao, body, **keyed) == 400, body[:40]
    for body in ("[" * LONGEST, '{"a":' * LONGEST):
        assert await refused(shared, zhao, body) == 413, body[:40]
    wrong: list[str | bytes] = [
        b"",
        "null",
        "[]",
        '"text"',
        "NaN",
        '{"title": NaN}',
        '{"title": Infinity}',
        '{"title": 1e400}',
        '{"title": ' + "9" * 4_000 + "}",
        '{"a":' * 900 + "1" + "}" * 900,
        said(title="x" * 201),
        said(description="x" * 20_001),
        said(title={"$ne": None}),
        said(title=["a", "b"]),
    ]
    for body in wrong:
        assert await refused(shared, zhao, body) == 422, body[:40]
        assert await refused(shared, zhao, body, **keyed) == 422, body[:40]


@each_case(
    "text",
    [
        "\x00",
        "ab\x00cd",
        "\ud800",
        "ab\udfffcd",
        "\ud800\ud800",
        "line\nbreak",
        "\x1b[31m",
        "   ",
        "enc1:x",
        "a\x7fb",
        "a\x85b",
        "a\u2028b",
        "\u202eright to left",
        "a\u2066b",
    ][:: 1 if WHOLE else 2],
    ids=ascii,
)
async def test_texts_that_cannot_be_kept_or_only_confuse(shared: Api, text: str) -> None:
    zhao = await shared.client("Zhao Min")
    assert await refused(shared, zhao, said(title=text)) == 422
    assert await refused(shared, zhao, said(service=text)) == 422
    assert await refused(shared, zhao, said(requester=text)) == 422
    assert await refused(shared, zhao, said(channel=text)) == 422
    assert await refused(shared, zhao, said(**{text or "x": 1})) == 422
    if not text.startswith("enc1:") and not set(text) & MAY_STAND_IN_A_PARAGRAPH:
        assert await refused(shared, zhao, said(description=text)) == 422


async def test_no_title_is_taken_for_a_ciphertext_and_opened(shared: Api) -> None:
    """Who has seen a ciphertext, in an export say, cannot have it opened as a field of their own."""
    zhao, mallory = await shared.client("Zhao Min"), await shared.client("Mallory")
    record = await zhao.post_ok("/v1/incidents", an_incident())
    row = await shared.ledger.db.row("select description from fold.incident where id = %s", (record["id"],))
    assert row is not None
    assert await refused(shared, mallory, said(title=row["description"])) == 422
    assert await refused(shared, mallory, said(ci=row["description"])) == 422
    # In their own words it is their own text.
    own = await mallory.post_ok("/v1/incidents", an_incident(description=row["description"]))
    assert own["description"] == row["description"]
    events = await mallory.read(f"/v1/incidents/{own['id']}/events")
    assert events["items"][0]["given"]["description"] == row["description"]


async def test_texts_that_are_only_unusual_come_back_as_they_were_sent(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    for text in (
        "邮件 收不到 📮",
        "Ünïcödé e\u0301",
        "<script>alert(1)</script>",
        "'; drop table",
    ):
        record = await zhao.post_ok("/v1/incidents", an_incident(title=text, description=f"{text}\n\t{text}"))
        answer = await zhao.read(f"/v1/incidents/{record['number']}")
        assert (answer["title"], answer["description"]) == (text, f"{text}\n\t{text}")


@each_case(
    "when",
    [
        "0001-01-01T00:00:00+14:00",
        "1900-01-01T00:00:00+14:00",
        "1899-12-31T23:59:59Z",
        "2200-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-20T08:00:00",
        "2026-11-20",
        "20:00",
        "2026-02-30T00:00:00Z",
        "2026-11-20T25:00:00Z",
        "2026-11-20T08:00:00+99:99",
        "now",
        "",
        0,
        1_800_000_000,
        1.5,
        -(10**18),
        True,
        [],
    ][:: 1 if WHOLE else 2],
    ids=str,
)
async def test_times_that_are_none(shared: Api, when: Any) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    for field in ("occurred_at", "began_at"):
        assert await refused(shared, tool, said(**{field: when})) == 422


async def test_the_outermost_times_that_are_taken_can_be_read_again(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    first = "1900-01-01T00:00:00.000000Z"
    record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=first, began_at=first))
    assert (record["opened_at"], record["began_at"]) == (first, first)
    events = await tool.read(f"/v1/incidents/{record['id']}/events")
    assert events["items"][0]["occurred_at"] == first


async def test_a_member_said_twice_is_refused(shared: Api) -> None:
    """However deep, and by every way that JSON is read: the short one, FastAPI's, and that of bulks."""
    admin = await shared.client("Ada", Role.admin, Role.agent)
    title = '{"title": "The first", ' + said(title="The last")[1:]
    matter = '{"items": [{"id": "x", "action": "close", "action": "cancel"}]}'
    for path, body, member in (
        ("/v1/incidents", title, "title"),
        ("/v1/incidents/bulk", matter, "action"),
        ("/v1/teams", '{"key": "a", "name": "A", "key": "b"}', "key"),
        ("/v1/incidents", '{"a":1,' + ",".join(f'"m{n}":1' for n in range(15_000)) + ',"a":2}', "a"),
    ):
        for media_type in ("application/json", "application/json; charset=utf-8"):
            head = await shared.head()
            answer = await admin.post(path, content=body, headers={"Content-Type": media_type})
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), path
            assert f"“{member}” twice" in answer.json()["detail"], path
            assert await shared.head() == head


async def test_a_body_of_very_many_values_is_refused_before_it_is_decoded(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    head = await shared.head()
    members = ",".join(f'"m{n}":1' for n in range(MOST_VALUES + 1))
    for body in (
        f"{{{members}}}",
        f'{{"title": {{{members}}}}}',
        f'{{"title": [{"[]," * MOST_VALUES}0]}}',
        f"{{{members}" + '"' + '\\"' * 100_000 + "\\",
    ):
        answer = await admin.post("/v1/incidents", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert str(MOST_VALUES) in answer.json()["detail"]
    assert await shared.head() == head


async def test_a_text_may_have_any_number_of_commas(shared: Api) -> None:
    agent = await shared.client("Ada", Role.agent)
    description = "The log of the gateway has many commas: " + '{"[,]"},' * (MOST_VALUES // 10)
    record = await agent.post_ok("/v1/incidents", an_incident(description=description))
    assert record["description"] == description


async def test_a_parameter_with_one_value_is_said_once(shared: Api) -> None:
    admin = await shared.client("Ada", Role.admin)
    for path, name in (
        ("/v1/incidents?limit=1&limit=2", "limit"),
        ("/v1/incidents?limit=1&l%69mit=1", "limit"),
        ("/v1/incidents?sort=opened_at&sort=-opened_at", "sort"),
        ("/v1/persons?cursor=a&cursor=b", "cursor"),
        ("/v1/kpis/incidents_opened?from=2026-01-01&to=2026-02-01&to=2027-01-01", "to"),
    ):
        answer = await admin.get(path)
        assert answer.status_code == 422, path
        errors = [(error["parameter"], error["code"]) for error in answer.json()["errors"]]
        assert errors == [(name, "repeated")], path
    # What takes several values may be said in either way.
    for path in ("/v1/incidents?state=new&state=closed", "/v1/incidents?fields=title&fields=state,number"):
        assert (await admin.get(path)).status_code == 200, path


@each_case(
    "name",
    [
        "%00",
        "a%00b",
        "%ff",
        "%ed%a0%80",
        "%F0%9F%93%AE",
        "%0a",
        "%20",
        "..%2f..%2fetc",
        "%25",
        "'%20or%201=1--",
        "INC-2026-000000",
        "INC-2026-" + "9" * 200,
        "inc-2026-000001",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "source:",
        ":key",
        "a:b:c",
        "null",
        "x" * 250,
        "x" * 251,
        "x" * LONGEST_PATH,
    ][:: 1 if WHOLE else 3],
    ids=lambda name: name[:40],
)
async def test_names_that_stand_for_nothing(shared: Api, name: str) -> None:
    admin = await shared.client("Ada", Role.admin, Role.agent)
    await admin.post_ok("/v1/incidents", an_incident())
    head = await shared.head()
    expected = 422 if len(name) > 250 else 404
    for plural in ("incidents", "persons", "teams", "keys"):
        assert (await admin.get(f"/v1/{plural}/{name}")).status_code == expected
    for path in (f"/v1/incidents/{name}/cancel", f"/v1/persons/{name}/erase", f"/v1/keys/{name}/revoke"):
        assert (
            await admin.post(path, json={"reason": "Twice."} if "cancel" in path else {})
        ).status_code == expected
    assert (await admin.get(f"/v1/incidents/{name}/events")).status_code == expected
    assert await shared.head() == head


@each_case(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=201", 422),
        ("limit=-1", 422),
        ("limit=1.5", 422),
        ("limit=" + "9" * 5_000, 422),
        ("limit=", 422),
        ("limit=%00", 422),
        ("colour=red", 422),
        ("state=lost", 422),
        ("state=%00", 422),
        ("state=new;drop", 422),
        ("priority=P0", 422),
        ("team=" + ",".join("abcdefghij" for _ in range(51)), 422),
        ("cursor=" + "x" * 1_001, 422),
        ("cursor=%00", 400),
        ("cursor=%ff", 400),
        ("cursor=W10", 400),
        ("cursor=" + "A" * 1_000, 400),
        ("cursor=", 400),
        ("team=%00", 200),
        ("team='", 200),
    ],
    ids=lambda value: str(value)[:40],
    one_of_each=lambda case: (case[0].partition("=")[0], case[1]),
)
async def test_parameters_that_are_wrong(shared: Api, query: str, status: int) -> None:
    zhao = await shared.client("Zhao Min")
    assert (await zhao.get(f"/v1/incidents?{query}")).status_code == status
    if query.split("=", maxsplit=1)[0] in ("limit", "cursor", "colour"):
        assert (await zhao.get(f"/v1/persons?{query}")).status_code == status
        path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
        assert (await zhao.get(f"{path}/events?{query}")).status_code == status


@each_case(
    "media_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application",
        "*/*",
        "json",
    ],
)
async def test_another_media_type_is_not_read_as_json(shared: Api, media_type: str) -> None:
    zhao = await shared.client("Zhao Min")
    head = await shared.head()
    for content in (said().encode(), _in_pieces(said().encode())):
        headers = {"Content-Type": media_type} if media_type else {}
        answer = await zhao.post("/v1/incidents", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert await shared.head() == head


async def _in_pieces(body: bytes) -> Any:
    yield body[:10]
    yield body[10:]


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"],
)
async def test_what_says_that_it_is_json_is_read_as_json(shared: Api, media_type: str) -> None:
    zhao = await shared.client("Zhao Min")
    for body, status in ((said(), 201), (said(title=" "), 422)):
        answer = await zhao.post("/v1/incidents", content=body, headers={"Content-Type": media_type})
        assert answer.status_code == status


@pytest.mark.parametrize("content", [b'{"title":"x"}', b'[{"op":"remove","path":"/title"}]', b"{"])
async def test_an_edit_of_another_kind_is_told_which_are_taken(shared: Api, content: bytes) -> None:
    zhao = await shared.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    headers = {"Content-Type": "application/json-patch+json", "If-Match": "*"}
    head = await shared.head()
    answer = await zhao.patch(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert answer.headers["accept-patch"] == "application/merge-patch+json, application/json"
    assert "“application/json-patch+json”" in answer.json()["detail"]
    assert await shared.head() == head
    for word in answer.headers["accept-patch"].split(", "):
        edited = await zhao.patch(
            path, content=b'{"title":"A relay"}', headers=headers | {"Content-Type": word}
        )
        assert edited.status_code == 200, edited.text
    posted = await zhao.post(f"{path}/comment", content=b'{"text":"x"}', headers=headers)
    assert (posted.status_code, "accept-patch" in posted.headers) == (415, False)


async def test_headers_out_of_all_measure(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    long = "x" * LONGEST
    for name in ("Accept-Language", "X-Request-Id", "If-None-Match", "User-Agent"):
        assert (await zhao.get(path, headers={name: long})).status_code == 200
    assert (await zhao.get(path, headers={"Accept": long})).status_code == 406
    head = await shared.head()
    for name in ("If-Match", "Idempotency-Key"):
        answer = await zhao.post(f"{path}/cancel", json={"reason": "Twice."}, headers={name: long})
        assert answer.status_code == 422
    for sent in (long, f"Bearer {long}", f"Bearer ldk_{long}", "Bearer " + "ldk_" * 20_000):
        assert (await zhao.get(path, headers={"Authorization": sent})).status_code == 401
    assert await shared.head() == head


async def test_a_length_that_is_a_lie_does_not_help(shared: Api) -> None:
    zhao = await shared.client("Zhao Min")
    for length in ("99999999999", "1048577"):
        headers = {"Content-Type": "application/json", "Content-Length": length}
        answer = await zhao.post("/v1/incidents", content=b"{}", headers=headers)
        assert answer.status_code == 413
    for length in ("-1", "ten", "1e3", "9" * 5_000):
        headers = {"Content-Type": "application/json", "Content-Length": length}
        answer = await zhao.post("/v1/incidents", content=b" " * 1_100_000, headers=headers)
        assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/v1/uploads/x", "/v1/webhooks/x/preview", "/v1/incidents"])
async def test_a_method_that_no_path_takes_is_refused_as_such_whatever_its_body(
    shared: Api, path: str
) -> None:
    client = await shared.client("Lin", Role.agent)
    body = {"Content-Type": "application/octet-stream"}
    answer = await client.request("TRACE", path, content=b"x", headers=body)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
