"""A request of an item that opens a change is fulfilled by that change, or its requester told why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, REVIEWED, Board, a_board

ITEM: Json = {
    "key": "a-change",
    "service": "mail",
    "title_en": "A change",
    "title_zh": "变更",
    "fulfilment_path": "standard",
    "opens": "change",
}
ASSESSED: Json = {"category": "mail", "impact": "3", "urgency": "3", "path": "standard", "assignee": "me"}


@dataclass
class Catalogue:
    """An item that opens a change, somebody who asks for it, and those who make changes."""

    board: Board
    user: Client

    async def asked(self, *, item: str = "a-change", path: str = "standard") -> Json:
        """A request of the item that is assessed."""
        body = {"title": "A new relay", "description": "As agreed.", "channel": "portal", "urgency": "3"}
        request = await self.user.post_ok("/v1/requests", {**body, "item": item})
        record_path = f"/v1/requests/{request['id']}"
        return await self.board.agent.post_ok(f"{record_path}/assess", {**ASSESSED, "path": path})

    async def begun(self, request: Json) -> str:
        """The path of a change for the request that is being implemented."""
        board = self.board
        change = await board.drafted(type="emergency", request=request["number"])
        path = f"/v1/changes/{change['id']}"
        await board.agent.post_ok(f"{path}/submit")
        question = board.question(cannot_wait="The old one fails.")
        await board.manager.post_ok(f"{path}/request_emergency_approval", question)
        await board.vote(path, "approve")
        await board.engineer.post_ok(f"{path}/start", {})
        return path

    async def make(self, path: str) -> None:
        """The change is made and reviewed, and what follows from it."""
        await self.board.engineer.post_ok(f"{path}/complete", DONE)
        await self.board.manager.post_ok(f"{path}/review", REVIEWED)
        await self.work()

    async def back_out(self, path: str) -> None:
        """The change is undone, and what follows from it."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        await self.board.engineer.post_ok(
            f"{path}/back_out", {"reason": "Not now.", "service_restored_at": now}
        )
        await self.work()

    async def work(self) -> None:
        """What follows by rules, and who is told of it a minute later."""
        worker = Worker(self.board.api.ledger)
        for seconds in (0, 61):
            await worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
        assert worker.failures == []

    async def read(self, request: Json) -> Json:
        """The request as it stands."""
        return await self.user.read(f"/v1/requests/{request['id']}")

    async def endings(self, request: Json) -> list[str]:
        """How the requester was told that changes have ended."""
        events = (await self.user.read(f"/v1/requests/{request['id']}/events"))["items"]
        return [event["given"]["outcome"] for event in events if event["type"] == "request.change_ended"]


@pytest.fixture
async def catalogue(api: Api) -> Catalogue:
    board = await a_board(api)
    admin = await api.client("Adam", Role.admin)
    service = {
        "key": "mail",
        "name_en": "E-mail",
        "name_zh": "电子邮件",
        "criticality": "high",
        "owner": "me",
    }
    record = await admin.post_ok("/v1/services", service)
    await admin.post_ok(f"/v1/services/{record['id']}/go_live")
    for fields in (ITEM, {**ITEM, "key": "laptop", "opens": None}):
        item = await admin.post_ok("/v1/catalogue_items", fields)
        assert item["opens"] == fields["opens"]
        await admin.post_ok(f"/v1/catalogue_items/{item['id']}/offer")
    return Catalogue(board, await api.client("Zhao"))


async def test_a_request_is_fulfilled_when_its_change_is_closed_as_successful(catalogue: Catalogue) -> None:
    request = await catalogue.asked()
    change = await catalogue.begun(request)
    number = (await catalogue.board.manager.read(change))["number"]
    assert (await catalogue.read(request))["state"] == "assessed"
    await catalogue.make(change)
    after = await catalogue.read(request)
    assert (after["state"], number in after["delivery"]) == ("delivered", True)
    assert await catalogue.endings(request) == []


@in_test_all
async def test_a_request_waits_for_all_changes_that_are_made_for_it(catalogue: Catalogue) -> None:
    request = await catalogue.asked()
    first, second = await catalogue.begun(request), await catalogue.begun(request)
    await catalogue.make(first)
    assert (await catalogue.read(request))["state"] == "assessed"
    await catalogue.make(second)
    assert (await catalogue.read(request))["state"] == "delivered"


@in_test_all
async def test_a_request_that_waits_for_its_change_is_resumed_and_fulfilled(catalogue: Catalogue) -> None:
    request = await catalogue.asked()
    change = await catalogue.begun(request)
    path = f"/v1/requests/{request['id']}"
    await catalogue.board.agent.post_ok(f"{path}/hold", {"reason": "awaiting_change"})
    await catalogue.make(change)
    assert (await catalogue.read(request))["state"] == "delivered"
    assert await catalogue.endings(request) == []


async def test_the_requester_is_told_once_why_the_change_was_not_made(catalogue: Catalogue) -> None:
    request = await catalogue.asked()
    change = await catalogue.begun(request)
    await catalogue.back_out(change)
    undone = {**REVIEWED, "outcome": "backed_out", "first_pass": False}
    await catalogue.board.manager.post_ok(f"{change}/review", undone)
    await catalogue.work()
    assert (await catalogue.read(request))["state"] == "assessed"
    assert await catalogue.endings(request) == ["backed_out"]
    texts = [item["text"] for item in (await catalogue.user.read("/v1/notices"))["items"]]
    assert any("has ended (Backed out)" in text for text in texts), texts
    draft = await catalogue.board.drafted(request=request["number"])
    await catalogue.board.agent.post_ok(f"/v1/changes/{draft['id']}/cancel", {"reason": "Too dear."})
    await catalogue.work()
    assert await catalogue.endings(request) == ["backed_out", "cancelled"]
    texts = [item["text"] for item in (await catalogue.user.read("/v1/notices"))["items"]]
    assert any("has ended (Cancelled)" in text and "Reason: Too dear." in text for text in texts), texts


@in_test_all
async def test_what_is_made_as_a_project_is_only_told_of(catalogue: Catalogue) -> None:
    request = await catalogue.asked(path="project")
    await catalogue.make(await catalogue.begun(request))
    assert (await catalogue.read(request))["state"] == "analysing"
    assert await catalogue.endings(request) == ["successful"]


@in_test_all
async def test_a_request_of_another_item_is_left_to_people(catalogue: Catalogue) -> None:
    request = await catalogue.asked(item="laptop")
    await catalogue.make(await catalogue.begun(request))
    assert (await catalogue.read(request))["state"] == "assessed"
    assert await catalogue.endings(request) == []
