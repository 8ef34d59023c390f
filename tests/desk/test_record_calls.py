"""What the page of a record costs: so many operations in process, in so many rounds."""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from app.desk.operation_calls import CallAnswer, OperationCalls
from tests.client import Api, an_incident
from tests.desk.test_pages import page
from tests.processes.changes.samples import a_board

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


async def test_a_record_page_makes_few_calls_in_few_rounds(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    board = await a_board(api)
    for name in ("Nils", "Ines"):
        await api.client(name, Role.cab_member)
    path = await board.assessed("medium")
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    change = (await board.member.read(path))["number"]
    lin = await api.client("Lin", Role.agent)
    zhao = await api.client("Zhao Min")
    incident = (await zhao.post_ok("/v1/incidents", an_incident()))["number"]
    for reader, address, most_calls in (
        (lin, f"/desk/incident/{incident}", MOST_CALLS),
        (board.member, f"/desk/change/{change}", MOST_CALLS_OF_A_VOTE),
    ):
        with monkeypatch.context() as patch:
            counted = CountedCalls(patch)
            await page(reader, address)
        assert len(counted.paths) <= most_calls, counted.paths
        assert counted.rounds <= MOST_ROUNDS, counted.paths
