"""Chosen fields come as a media type of their own, to whoever does not ask for JSON by name."""

from __future__ import annotations

from app.api.records.partial import JSON
from app.api.requests.accept import PARTIAL
from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, an_incident

FIELDS, EXPANDED = {"fields": "title"}, {"expand": "requester"}
AXIOS = "application/json, text/plain, */*"


@each_case(
    ("accept", "query", "media_type"),
    [
        ("*/*", {}, JSON),
        ("*/*", FIELDS, PARTIAL),
        ("*/*", EXPANDED, PARTIAL),
        ("", FIELDS, PARTIAL),
        (JSON, FIELDS, JSON),
        (AXIOS, FIELDS, JSON),
        (PARTIAL, FIELDS, PARTIAL),
        (PARTIAL, {}, PARTIAL),
        (f"{JSON}, {PARTIAL}", FIELDS, PARTIAL),
        (f"{JSON}, {PARTIAL}", {}, JSON),
        (f"{JSON}, {PARTIAL};q=0.5", FIELDS, JSON),
        (PARTIAL.upper(), FIELDS, PARTIAL),
        ("application/problem+json", FIELDS, PARTIAL),
    ],
)
async def test_an_answer_is_of_the_type_that_the_client_prefers(
    shared: Api, accept: str, query: dict[str, str], media_type: str
) -> None:
    agent = await shared.client("Lin", Role.agent)
    number = (await agent.post_ok("/v1/incidents", an_incident()))["number"]
    for path in ("/v1/incidents", f"/v1/incidents/{number}"):
        answer = await agent.get(path, params=query, headers={"Accept": accept})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == media_type
        assert "Accept" in answer.headers["vary"].split(", ")


async def test_the_type_changes_nothing_of_what_is_told(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    await agent.post_ok("/v1/incidents", an_incident())
    answers = [
        await agent.get("/v1/incidents", params=FIELDS, headers={"Accept": accept})
        for accept in (JSON, PARTIAL)
    ]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["items"][0].keys() == {"id", "version", "number", "title"}
