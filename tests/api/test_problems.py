"""Every refusal is a problem document: what was wrong, where, and what would be right, in two languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.common.people import Role
from app.i18n import LANGUAGES, sentences
from app.kernel.commands import perform as performing
from app.log.writer import AppendRequest, ConcurrencyConflict, LogPosition
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.ticket_actions import own_actions

LIMIT = 1_048_576


class Scene:
    """A requester with an incident, and a service desk."""

    def __init__(self, shared: Api, zhao: Client, agent: Client, incident: Json, stranger: Client) -> None:
        self.shared, self.zhao, self.agent, self.stranger = shared, zhao, agent, stranger
        self.incident = incident
        self.at = f"/v1/incidents/{incident['id']}"


@pytest.fixture
async def scene(shared: Api) -> Scene:
    zhao = await shared.client("Zhao Min")
    agent = await shared.client("Lin", Role.agent)
    stranger = await shared.client("Wu Jing")
    return Scene(shared, zhao, agent, await zhao.post_ok("/v1/incidents", an_incident()), stranger)


async def endless() -> AsyncIterator[bytes]:
    """A body that says nothing of its length."""
    for _ in range(LIMIT // 65_536 + 2):
        yield b" " * 65_536


JSON = {"Content-Type": "application/json"}

#: By what they are about: who sends what, and the status and code that come back.
CASES: dict[str, Any] = {
    "not JSON": (
        lambda s: (s.zhao, "POST", "/v1/incidents", {"content": b"{", "headers": JSON}),
        400,
        "malformed",
    ),
    "a bad cursor": (lambda s: (s.zhao, "GET", "/v1/incidents?cursor=abc", {}), 400, "bad_cursor"),
    "not allowed": (lambda s: (s.zhao, "POST", f"{s.at}/acknowledge", {"json": {}}), 403, "forbidden"),
    "somebody else's": (lambda s: (s.stranger, "GET", s.at, {}), 404, "not_found"),
    "of somebody else's": (lambda s: (s.stranger, "GET", f"{s.at}/events", {}), 404, "not_found"),
    "on somebody else's": (
        lambda s: (s.stranger, "POST", f"{s.at}/comment", {"json": {"text": "x"}}),
        404,
        "not_found",
    ),
    "not there": (lambda s: (s.zhao, "GET", "/v1/incidents/INC-2026-999999", {}), 404, "not_found"),
    "no such address": (lambda s: (s.zhao, "GET", "/v1/nowhere", {}), 404, "no_such_path"),
    "no such action": (lambda s: (s.zhao, "POST", f"{s.at}/explode", {"json": {}}), 404, "no_such_path"),
    "a slash too many": (lambda s: (s.zhao, "GET", "/v1/incidents/", {}), 404, "no_such_path"),
    "not this method": (lambda s: (s.zhao, "DELETE", s.at, {}), 405, "method_not_allowed"),
    "not in this state": (
        lambda s: (s.zhao, "POST", f"{s.at}/close", {"json": {}}),
        409,
        "not_in_this_state",
    ),
    "changed since": (
        lambda s: (
            s.zhao,
            "POST",
            f"{s.at}/cancel",
            {"json": {"reason": "Twice."}, "headers": {"If-Match": '"7"'}},
        ),
        412,
        "changed_since",
    ),
    "too large": (
        lambda s: (s.zhao, "POST", "/v1/incidents", {"content": b" " * (LIMIT + 1), "headers": JSON}),
        413,
        "too_large",
    ),
    "too large, and does not say so": (
        lambda s: (s.zhao, "POST", "/v1/incidents", {"content": endless(), "headers": JSON}),
        413,
        "too_large",
    ),
    "another media type": (
        lambda s: (
            s.zhao,
            "POST",
            "/v1/incidents",
            {"content": b"{}", "headers": {"Content-Type": "text/xml"}},
        ),
        415,
        "unsupported_media_type",
    ),
    "a form": (
        lambda s: (s.zhao, "POST", "/v1/incidents", {"data": {"title": "x"}}),
        415,
        "unsupported_media_type",
    ),
    "a list of operations": (
        lambda s: (
            s.zhao,
            "PATCH",
            s.at,
            {"content": b"[]", "headers": {"Content-Type": "application/json-patch+json", "If-Match": "*"}},
        ),
        415,
        "unsupported_media_type",
    ),
    "another answer than there is": (
        lambda s: (s.zhao, "GET", s.at, {"headers": {"Accept": "text/xml, application/json;q=0"}}),
        406,
        "not_acceptable",
    ),
    "a wrong value": (
        lambda s: (s.zhao, "POST", "/v1/incidents", {"json": an_incident(impact="9")}),
        422,
        "invalid",
    ),
    "a wrong parameter": (lambda s: (s.zhao, "GET", "/v1/incidents?limit=0", {}), 422, "invalid"),
    "no body": (lambda s: (s.zhao, "POST", "/v1/incidents", {}), 422, "invalid"),
}


async def send(scene: Scene, case: str, language: str) -> httpx.Response:
    client, method, path, more = CASES[case][0](scene)
    headers = {"Accept-Language": language, **more.pop("headers", {})}
    answer: httpx.Response = await client.request(method, path, headers=headers, **more)
    return answer


@each_case("case", CASES)
async def test_it_is_a_problem_document_in_the_language_asked_for(
    shared: Api, scene: Scene, case: str
) -> None:
    head = await shared.head()
    for language in LANGUAGES:
        answer = await send(scene, case, language)
        problem = answer.json()
        _, status, code = CASES[case]
        assert (answer.status_code, problem["code"]) == (status, code)
        assert problem["type"] == f"/problems/{code}"
        assert problem["title"] == sentences(language)["title"][code]
        assert "…" not in problem["detail"], "a blank was not filled"
        assert "{" not in problem["detail"]
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["content-language"] == language
        assert answer.headers["content-type"] == "application/problem+json"
    assert await shared.head() == head


@each_case(
    ("path", "allowed"),
    [
        ("/v1/incidents", {"GET", "HEAD", "POST"}),
        ("/v1/incidents/x", {"GET", "HEAD", "PATCH"}),
        ("/v1/incidents/x/close", {"POST"}),
        ("/v1/persons", {"GET", "HEAD", "POST"}),
        ("/v1/keys/x/revoke", {"POST"}),
        ("/v1/meta", {"GET", "HEAD"}),
        ("/livez", {"GET", "HEAD"}),
    ],
)
async def test_another_method_is_told_all_that_the_address_takes(
    scene: Scene, path: str, allowed: set[str]
) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"} - allowed:
        answer = await scene.zhao.request(method, path)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == allowed
        assert all(name in answer.json()["detail"] for name in allowed)


async def test_without_a_key_nothing_under_v1_is_told_from_anything_else(shared: Api) -> None:
    anonymous = shared.with_token(None)
    answers = [
        await anonymous.request(method, path)
        for method in ("GET", "POST", "DELETE")
        for path in ("/v1/incidents", "/v1/nowhere", "/v1/meta", "/v1/incidents/x/close")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    documents = [{**answer.json(), "request_id": "", "instance": ""} for answer in answers]
    assert all(problem == documents[0] for problem in documents)


async def test_a_refusal_for_the_state_says_the_state_and_what_is_open_to_this_caller(scene: Scene) -> None:
    document = (await scene.agent.post(f"{scene.at}/close", json={})).json()
    assert document["state"] == "new"
    assert {"acknowledge", "cancel", "comment"} <= set(document["allowed_actions"])
    assert {"close", "resolve"}.isdisjoint(document["allowed_actions"])
    assert "Close" in document["detail"]
    assert "New" in document["detail"]
    document = (await scene.zhao.post(f"{scene.at}/close", json={}, headers={"Accept-Language": "zh"})).json()
    assert own_actions(document["allowed_actions"]) == ["cancel", "edit"]
    assert "关闭" in document["detail"]
    assert "新建" in document["detail"]


async def test_a_check_that_refuses_says_its_own_reason_and_the_state(scene: Scene) -> None:
    await scene.agent.post_ok(f"{scene.at}/assign", {"person": "me"})
    refused = await scene.agent.post(f"{scene.at}/resolve", json=RESOLVED)
    document = refused.json()
    assert (refused.status_code, document["code"], document["state"]) == (409, "nobody_has_seen_it", "new")
    assert "start" in document["allowed_actions"]


async def test_a_stale_condition_says_the_version_that_the_record_has(scene: Scene) -> None:
    await scene.agent.post_ok(f"{scene.at}/acknowledge")
    refused = await scene.zhao.post(
        f"{scene.at}/cancel", json={"reason": "Twice."}, headers={"If-Match": '"1.00"'}
    )
    assert (refused.status_code, refused.json()["version"]) == (412, 2)


async def test_every_wrong_value_is_pointed_at(scene: Scene) -> None:
    incident = an_incident(title=" ", impact="9", began_at="yesterday", colour="red", requester=3)
    del incident["description"]
    for language in LANGUAGES:
        answer = await scene.zhao.post("/v1/incidents", json=incident, headers={"Accept-Language": language})
        document = answer.json()
        assert answer.status_code == 422
        assert {error["pointer"]: error["code"] for error in document["errors"]} == {
            "/title": "string_too_short",
            "/description": "missing",
            "/impact": "enum",
            "/began_at": "datetime_type",
            "/requester": "string_type",
            "/colour": "extra_forbidden",
        }
        assert "6" in document["detail"]
        for error in document["errors"]:
            sentence = sentences(language)["value"][error["code"]]
            assert error["message"].startswith(sentence.partition("{")[0])
            assert "…" not in error["message"]


async def test_of_very_many_wrong_values_the_first_are_shown_and_the_rest_counted(scene: Scene) -> None:
    body = {f"field_{n}": n for n in range(12_034)}
    for language in LANGUAGES:
        answer = await scene.zhao.post(
            "/v1/incidents", json=an_incident(**body), headers={"Accept-Language": language}
        )
        document = answer.json()
        assert (answer.status_code, document["code"]) == (422, "invalid")
        assert [error["pointer"] for error in document["errors"]] == [f"/field_{n}" for n in range(50)]
        assert "12,034" in document["detail"]
        assert "50" in document["detail"]
    query = "&".join(f"field_{n}=" for n in range(1_000))
    document = (await scene.zhao.get(f"/v1/incidents?{query}")).json()
    assert (len(document["errors"]), "1,000" in document["detail"]) == (50, True)


async def test_a_list_that_is_too_long_is_not_read_to_its_end(shared: Api) -> None:
    admin = await shared.client("Gao", Role.admin)
    for path, body in (
        ("keys", {"person": "me", "roles": [1] * 19_000}),
        ("persons", {"teams": [1] * 9_999}),
    ):
        answer = await admin.post(f"/v1/{path}", json={"name": "x", **body})
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["too_long"]


async def test_a_wrong_parameter_and_a_wrong_header_are_named(scene: Scene) -> None:
    answer = await scene.zhao.get("/v1/incidents?limit=0&state=new,lost&colour=red")
    assert {error["parameter"]: error["code"] for error in answer.json()["errors"]} == {
        "limit": "greater_than_equal",
        "state": "enum",
        "colour": "extra_forbidden",
    }
    answer = await scene.zhao.post(
        "/v1/incidents", json=an_incident(), headers={"Idempotency-Key": "two words"}
    )
    assert [error["header"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


async def test_whoever_names_what_is_not_known_here_is_told_what_is(scene: Scene) -> None:
    refused = await scene.agent.post(f"{scene.at}/assign", json={"team": "desk", "assignee": "me"})
    (error,) = refused.json()["errors"]
    assert error["message"] == "is unknown here; known are: occurred_at, person, team"
    refused = await scene.agent.get("/v1/incidents?stat=new", headers={"Accept-Language": "zh"})
    (error,) = refused.json()["errors"]
    assert error["message"] == "不是已知的字段；可用的有：state, state_not"
    manager = await scene.shared.client("Marta", Role.incident_manager)
    for path in ("backlog", "backlog/cases"):
        refused = await manager.get(f"/v1/kpis/{path}?form=2026-01-01")
        (error,) = refused.json()["errors"]
        assert error["message"] == "is unknown here; known are: from", "as it is called in the address"


@pytest.mark.parametrize(
    "content", [b"{", b'{"title": "\xe4"}', b"[" * 19_000], ids=["cut", "latin-1", "deep"]
)
async def test_what_is_chinese_has_no_english_in_it(scene: Scene, content: bytes) -> None:
    headers = {**JSON, "Accept-Language": "zh"}
    unread = (await scene.zhao.post("/v1/incidents", content=content, headers=headers)).json()
    assert unread["code"] == "malformed"
    assert set(re.findall("[A-Za-z]+", unread["detail"])) <= {"JSON", "UTF"}
    wrong = await scene.zhao.post("/v1/incidents", json=an_incident(impact="9"), headers=headers)
    (error,) = wrong.json()["errors"]
    assert error["message"] == "必须是以下之一：'1', '2', '3'"


async def test_a_request_keeps_the_id_that_it_came_with_and_the_event_has_it(scene: Scene) -> None:
    answer = await scene.zhao.post(
        f"{scene.at}/comment", json={"text": "Hm."}, headers={"X-Request-Id": "portal-42"}
    )
    assert answer.headers["x-request-id"] == "portal-42"
    events = (await scene.zhao.read(f"{scene.at}/events"))["items"]
    assert events[-1]["correlation_id"] == "portal-42"
    assert events[0]["correlation_id"] != "portal-42"


@pytest.mark.parametrize("given", ["portal-42", "4bf92f:3577/b34d=+a.b_c", "x" * 128, "0"])
async def test_an_id_that_names_a_request_is_kept(scene: Scene, given: str) -> None:
    answer = await scene.zhao.get(scene.at, headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given


@each_case(
    "given", ["", "x" * 129, "two words", "caf\xe9", "tab\there", "bob.smith@example.org", "-x", "<b>", "{x}"]
)
async def test_an_id_that_cannot_be_kept_is_replaced(scene: Scene, given: str) -> None:
    answer = await scene.zhao.get(scene.at, headers=[(b"X-Request-Id", given.encode("latin-1"))])
    assert answer.headers["x-request-id"] not in ("", given)


@each_case(
    ("accept", "language"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh-Hant-TW", "zh"),
        ("en-GB, zh;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.5", "zh"),
        ("zh; q=0.9, en; q=0.1", "zh"),
        ("ZH;Q=0.9", "zh"),
        ("de, fr", "en"),
        ("zh;q=0, en", "en"),
        ("zh;q=0", "en"),
        ("*", "en"),
        ("zh;q=often, en;q=0.1", "en"),
        (";;q=,,;q=0.5,", "en"),
        ("zh;q=nan", "en"),
        ("," * 5_000, "en"),
    ],
)
async def test_the_best_liked_language_that_there_is_answers(
    scene: Scene, accept: str, language: str
) -> None:
    answer = await scene.zhao.get("/v1/incidents/nothing", headers={"Accept-Language": accept})
    assert answer.headers["content-language"] == language


async def test_labels_change_with_the_language_and_codes_never(scene: Scene) -> None:
    english = (await scene.zhao.get(scene.at, headers={"Accept-Language": "en"})).json()
    chinese = (await scene.zhao.get(scene.at, headers={"Accept-Language": "zh"})).json()
    assert [action["label"] for action in english["actions"][:2]] == ["Cancel", "Edit"]
    assert [action["label"] for action in chinese["actions"][:2]] == ["取消", "编辑"]
    assert [a["action"] for a in english["actions"]] == [a["action"] for a in chinese["actions"]]
    assert english | {"actions": []} == chinese | {"actions": []}


async def test_head_says_what_get_would_and_sends_no_body(scene: Scene) -> None:
    answer = await scene.zhao.get(scene.at)
    asked = await scene.zhao.head(scene.at)
    assert asked.status_code == 200
    assert not asked.content
    assert asked.headers["etag"] == answer.headers["etag"]
    assert asked.headers["content-length"] == answer.headers["content-length"]
    assert (await scene.stranger.head(scene.at)).status_code == 404


async def test_what_is_refused_only_because_others_write_says_when_to_try_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(command: AppendRequest) -> LogPosition:
        raise ConcurrencyConflict

    monkeypatch.setattr(performing, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(scene.shared.ledger.writer, "write", overtaken)
    answer = await scene.zhao.post(f"{scene.at}/comment", json={"text": "x"})
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (409, "busy", "1")
