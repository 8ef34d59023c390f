"""Boards that decide: an action puts a question to the vote, and those who are asked answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tests.client import Json


class Caller(Protocol):
    """A client, or one whose actions are dated."""

    @property
    def id(self) -> str:
        """The person's id."""

    async def read(self, path: str) -> Json:
        """What a GET answers."""

    async def post_ok(self, path: str, body: Json | None = None) -> Json:
        """What a POST answers, which must succeed."""


async def decide(board: Sequence[Caller], path: str, verdict: str = "approve") -> Json:
    """The record after its newest question was decided: those of the board who are asked say so, one after
    the other.
    """
    newest = (await board[0].read(f"{path}/decisions?limit=200"))["items"][-1]
    body = {"decision": newest["id"], "verdict": verdict, "comment": "As it stands. 如此。"}
    for member in board:
        ballots = (await board[0].read(f"{path}/votes?limit=200"))["items"]
        open_to = {
            ballot["person"]["id"]
            for ballot in ballots
            if ballot["decision_id"] == newest["id"] and ballot["voted_at"] is ballot["closed_at"] is None
        }
        if member.id in open_to:
            await member.post_ok(f"{path}/vote", body)
    newest = (await board[0].read(f"{path}/decisions?limit=200"))["items"][-1]
    assert newest["state"] == "taken", "too few of those who are asked belong to this board"
    return await board[0].read(path)


async def put_to_vote(
    asker: Caller,
    path: str,
    action: str,
    body: Json | None = None,
    *,
    board: Sequence[Caller],
    verdict: str = "approve",
) -> Json:
    """The record after the action has put its question, and the board has decided it."""
    await asker.post_ok(f"{path}/{action}", body)
    return await decide(board, path, verdict)
