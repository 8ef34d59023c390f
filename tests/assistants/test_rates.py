"""An assistant makes no more than its person may, and gets the time after which it may continue."""

from __future__ import annotations

import pytest

from app.common.people import Role
from app.platform.settings import Settings
from tests.assistants.clients import Assistants
from tests.client import Api, an_incident


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings by which a person makes three records in ten minutes."""
    return settings.model_copy(update={"person_writes": 3})


async def test_an_assistant_has_the_rates_of_its_person(api: Api, assistants: Assistants) -> None:
    lin = await api.client("Lin", Role.agent)
    first = await lin.post_ok("/v1/incidents", an_incident())
    assert lin.token is not None
    async with assistants.over_http(lin.token) as assistant:
        made = {"kind": "incident", "body": an_incident()}
        done = await assistant.use("create", idempotency_key="key-0001", **made)
        comment = {"kind": "incident", "id": first["id"], "action": "comment", "body": {"text": "One."}}
        await assistant.use("act", idempotency_key="key-0002", version=first["version"], **comment)
        head = await api.head()
        refused = await assistant.refused("create", idempotency_key="key-0003", **made)
        assert refused["code"] == "too_many_writes"
        assert 0 < refused["retry_after_seconds"] <= 600
        assert (await lin.post("/v1/incidents", json=an_incident())).status_code == 429, "they share it"
        assert await api.head() == head
        found = await assistant.use("read", kind="incident", id=done["id"])
        assert found, "it reads on"
