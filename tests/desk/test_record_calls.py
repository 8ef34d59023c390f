"""What the page of a record costs: so many operations in process, in so many rounds."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.desk.operation_calls import CallAnswer, OperationCalls
from tests.client import Api, Client, an_incident
from tests.desk.test_pages import page
from tests.foundation.cis.test_cis import a_ci
from tests.foundation.services.test_catalogue import a_service
from tests.processes.changes.samples import a_board
from tests.processes.incidents.test_alerts import FIRING, send, tool_of

#: While a vote is open, the page also reads who waits for whose vote.
MOST_CALLS, MOST_CALLS_OF_A_VOTE, MOST_ROUNDS = 12, 13, 3


class CountedCalls:
    """Counts calls, and rounds of them: a round begins when none is running."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths: list[str] = []
        self.rounds = self._running = 0
        send = OperationCalls.send

        async def counted(calls: OperationCalls, method: str, path: str, **sent: Any) -> CallAnswer:
            self.rounds += self._running == 0
            self._running += 1
            self.paths.append(path)
            try:
                return await send(calls, method, path, **sent)
            finally:
                self._running -= 1

        monkeypatch.setattr(OperationCalls, "send", counted)


async def counted_page(reader: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> CountedCalls:
    """The calls of the page at the address."""
    with monkeypatch.context() as patch:
        counted = CountedCalls(patch)
        await page(reader, address)
    return counted


async def test_a_record_page_makes_few_calls_in_few_rounds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = (await board.member.read(path))["number"]
    counted = await counted_page(board.member, f"/desk/change/{change}", monkeypatch)
    assert len(counted.paths) <= MOST_CALLS_OF_A_VOTE, counted.paths
    assert counted.rounds <= MOST_ROUNDS, counted.paths


async def test_the_page_of_an_incident_makes_few_calls_however_much_it_shows(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = await api.client("Keeper", Role.service_level_manager, Role.configuration_manager)
    lin = await api.client("Lin", Role.agent, Role.incident_manager)
    zhao = await api.client("Zhao Min")
    await a_service(keeper)
    await a_ci(keeper, "mx-1")
    plain = await zhao.post_ok("/v1/incidents", an_incident())
    placed = await zhao.post_ok("/v1/incidents", an_incident(service="mail", ci="mx-1"))
    alerted = (await send(await tool_of(api), FIRING, ci="mx-1"))["incident"]
    addresses = [f"/desk/incident/{incident['id']}" for incident in (plain, placed, alerted)]
    pages = [await counted_page(lin, address, monkeypatch) for address in addresses]
    declared = {"commander": "me", "statement": "Mail is down."}
    for incident in (placed, alerted):
        await lin.post_ok(f"/v1/incidents/{incident['id']}/declare_major", declared)
    pages += [await counted_page(lin, address, monkeypatch) for address in addresses[1:]]
    for counted in pages:
        assert len(counted.paths) <= MOST_CALLS, counted.paths
        assert counted.rounds <= MOST_ROUNDS, counted.paths
    assert any(path.endswith("/alerts") for path in pages[-1].paths)
    assert any(path.endswith("/notices") for path in pages[-1].paths)
    assert not any(path.startswith("/v1/persons/") for counted in pages for path in counted.paths)
    assert "/v1/requests" in pages[0].paths, "the card of the requester has their open tickets"
    assert "/v1/requests" not in pages[-1].paths, "a tool has no card"
