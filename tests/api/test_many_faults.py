"""Of very many faults in one request the first are listed and the rest counted, which is cheap."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.extent import WHOLE, first_of

COUNT = 19_000 if WHOLE else 8_000
MANY: Json = {f"x{n}": 1 for n in range(COUNT)}


@pytest.fixture
async def agent(shared: Api) -> Client:
    """Who sends wrong requests."""
    return await shared.client("Lin", Role.agent)


@pytest.mark.parametrize("path", first_of(["/v1/incidents", "/v1/deployments"], 1))
async def test_very_many_unknown_members_are_counted_and_the_first_told(agent: Client, path: str) -> None:
    answer = await agent.post(path, json=MANY)
    document = answer.json()
    unknown = [error["pointer"] for error in document["errors"] if error["code"] == "extra_forbidden"]
    assert answer.status_code == 422
    assert len(document["errors"]) == 50
    assert unknown[:2] == ["/x0", "/x1"]
    assert f"{COUNT // 1_000},0" in document["detail"], document["detail"]


async def test_what_is_said_after_very_many_others_is_not_told_to_be_missing(agent: Client) -> None:
    """Only its first members are validated a second time."""
    body = MANY | {"title": "A test", "description": "x", "impact": "single", "urgency": "low"}
    answer = await agent.post("/v1/incidents", json=body)
    missing = [error["pointer"] for error in answer.json()["errors"] if error["code"] == "missing"]
    assert set(missing) == {"/channel", "/effect"}


async def test_nor_are_those_of_one_record_among_many_listed(agent: Client) -> None:
    answer = await agent.post("/v1/incidents/bulk", json={"items": [{"action": "report", "body": MANY}]})
    assert "/x0" in answer.text
    assert answer.text.count('"code"') <= 60
