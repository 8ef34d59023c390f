"""An answer that shows a record takes few statements, however many actions it offers."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.platform.db import Database
from tests.client import Api

TICKET = {
    "title": "Mail does not arrive",
    "description": "Nothing from outside since this morning.",
    "channel": "api",
    "impact": "2",
    "urgency": "2",
    "effect": "degraded",
}
#: The record, and which child records it has.
MOST = 2
LOOKS_FOR_CHILDREN = "exists (select from fold."


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements from now on that read something."""
    statements: list[str] = []
    execute = Database._execute

    async def noting(self: Database, query: str, *arguments: Any, **named: Any) -> Any:
        statements.append(query)
        return await execute(self, query, *arguments, **named)

    monkeypatch.setattr(Database, "_execute", noting)
    return statements


async def test_a_record_without_child_records_is_read_by_two_statements(api: Api, noted: list[str]) -> None:
    ada = await api.client("Ada", *Role)
    incident = await ada.post_ok("/v1/incidents", TICKET)
    await ada.read(f"/v1/incidents/{incident['id']}")
    noted.clear()
    answer = await ada.read(f"/v1/incidents/{incident['id']}")
    assert len(answer["actions"]) > 20
    # Others may be there by chance: caches end, and numbers are drawn in blocks.
    about_it = [statement for statement in noted if "fold.incident" in statement or "record = " in statement]
    assert len(about_it) == MOST, "\n".join(noted)


async def test_what_has_just_been_opened_is_answered_without_looking_for_its_child_records(
    api: Api, noted: list[str]
) -> None:
    ada = await api.client("Ada", *Role)
    await ada.post_ok("/v1/incidents", TICKET)
    noted.clear()
    opened = await ada.post_ok("/v1/incidents", TICKET)
    assert [statement for statement in noted if LOOKS_FOR_CHILDREN in statement] == []
    await ada.read(f"/v1/incidents/{opened['id']}")
    assert any(LOOKS_FOR_CHILDREN in statement for statement in noted)
    assert (await ada.read(f"/v1/incidents/{opened['id']}"))["actions"] == opened["actions"]


async def test_actions_on_child_records_are_offered_once_there_are_some(api: Api) -> None:
    ada = await api.client("Ada", *Role)
    path = f"/v1/incidents/{(await ada.post_ok('/v1/incidents', TICKET))['id']}"

    async def is_open(action: str) -> bool:
        offered = {each["action"]: each["open"] for each in (await ada.read(path))["actions"]}
        return bool(offered[action])

    assert not await is_open("untag")
    await ada.post_ok(f"{path}/tag", {"tag": "mail"})
    assert await is_open("untag")
