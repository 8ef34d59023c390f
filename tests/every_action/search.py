"""A search for ways on which one person goes alone: with every role, and as far as they can.

They do all that leads somewhere, as author, assignee, manager and implementer of everything; what they may
not do, others do. Then they hand over what they have made to somebody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx
from pydantic import BaseModel

from app.common.records import CodeEnum, ForeignRef
from app.foundation.decisions.payloads import AskBoard
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Patch, marks, part_types
from app.kernel.actions.refusals import Refusal
from app.processes.releases.payloads import ChangePlanRelease
from tests.client import Client, Json
from tests.every_action import changes
from tests.every_action.judging import BOTH_PARTIES, JUDGED_ALONE, named
from tests.every_action.samples import ACTED_BY, OPENED_TOWARDS, TOWARDS
from tests.every_action.samples import valid_body as prepared
from tests.every_action.world import (
    OF_PEOPLE,
    OF_RULES,
    Steps,
    World,
    address,
    of_decisions,
    paths_to,
    record_address,
    send,
)
from tests.every_action.world_data import IDS, TEAM

#: So many ways to each state are tried, the shortest first, until so many of them could be gone.
TRIED_WAYS, GONE_WAYS = 12, 2
#: Who goes alone: the samples name them as author, participant and the like; and to whom they hand over, who
#: has no part in what the samples prepare.
ALONE_IS, OTHER_IS = "author", "it"
#: What puts a question.
QUESTIONS = (AskBoard, ChangePlanRelease)
#: Those who vote, if they are asked: whoever implements what they have voted for comes last.
VOTING = ("business", "it", "author", "doer")
#: What is said when it is opened, so that the one has made what is judged in that state.
MADE_THEIRS: dict[tuple[str, str], Callable[[], Json]] = {
    ("release", "in_stage"): lambda: {
        "stages": [{"key": "build", "author": IDS["doer"]}, {"key": "test", "author": IDS["author"]}]
    },
}
#: By kind, state and action, what else is said to hand over what is judged there.
HANDED_OVER: dict[tuple[str, str, str], Json] = {("release", "planned", "appoint"): {"stage": "build"}}


@dataclass
class Search:
    """The ways of one person through a lifecycle, and whom it takes besides. `hands_over`: in each state on
    the way somebody else makes anew what they have made.
    """

    world: World
    lifecycle: Lifecycle[Any]
    hands_over: bool = False

    @property
    def alone(self) -> Client:
        """Who tries to do all of it alone."""
        return self.world.everybody if self.lifecycle.kind == "request" else self.world.people[ALONE_IS]

    @property
    def helpers(self) -> list[Client]:
        """Who does what the one may not."""
        voters = [self.world.people[name] for name in VOTING]
        return [
            client
            for client in (*voters, self.world.everybody, self.world.worker)
            if client.id != self.alone.id
        ]

    def at(self, record: Json) -> str:
        """Where the record is."""
        return record_address(self.lifecycle, record)

    async def records(self, state: CodeEnum, asking: Action[Any, Any] | None = None) -> AsyncIterator[Json]:
        """A record in that state for each way that leads there and can be gone; one on which that row can put
        a question, if it is named.
        """
        walked = 0
        for steps in islice(paths_to(self.lifecycle, state), TRIED_WAYS):
            record = await self._opened(state, asking)
            if await self._gone(record, steps):
                yield await self.alone.read(self.at(record))
                walked += 1
                if walked == GONE_WAYS:
                    return

    async def _opened(self, state: CodeEnum, asking: Action[Any, Any] | None) -> Json:
        row, lifecycle = self.lifecycle.opening(), self.lifecycle
        body = await prepared(self.alone, row, "")
        for source in (OPENED_TOWARDS, MADE_THEIRS):
            body |= source.get((lifecycle.kind, state.value), dict)()
            body |= source.get((lifecycle.kind, asking.name if asking else ""), dict)()
        answer = await send(self.alone, lifecycle, row, None, naming(row.body, body, self.alone.id))
        if answer.status_code != 201:
            answer = await send(self.alone, lifecycle, row, None, body)
        assert answer.status_code == 201, answer.text
        record: Json = answer.json()
        if "assign" in lifecycle.by_name:
            assignment = {"team": TEAM, "person": self.alone.id}
            await self.world.everybody.post_ok(address(lifecycle, lifecycle["assign"], record), assignment)
        return record

    async def _gone(self, record: Json, steps: Steps) -> bool:
        """Whether the way could be gone, by the one wherever they may."""
        for row, to in steps:
            if (self.lifecycle, row) in OF_RULES:
                await self.world.by_rule(self.lifecycle, row, record)
            elif verdict := changes.VERDICTS.get((self.lifecycle.kind, row.name)):
                helpers, path = self.helpers, self.at(record)
                if not await changes.decide(self.world.api, helpers, path, verdict, row.name):
                    return False
            elif not await self.does(row, record, to):
                return False
            if (await self.alone.read(self.at(record)))["state"] != to:
                return False
            for move in self.hand_overs(to) if self.hands_over else ():
                if not _persons(move.body):
                    await self.hand_over(move, record)
        return True

    async def does(self, row: Action[Any, Any], record: Json, to: CodeEnum | None = None) -> bool:
        """Whether somebody has done it: the one if they may, or those of the others who are named for it."""
        state = "" if to is None else str(to.value)
        for name, more in ACTED_BY.get((row.name, state), (("", {}),)):
            clients = [self.alone, *self.helpers]
            if named(self.lifecycle, row) in JUDGED_ALONE | BOTH_PARTIES:
                clients = [self.world.people[name]] if name else self.helpers
            towards = {} if to is None else TOWARDS.get((row.body, to), {})
            if not await self.one_does(clients, row, record, towards | more):
                return False
        return True

    async def one_does(
        self, clients: Sequence[Client], row: Action[Any, Any], record: Json, more: Json
    ) -> bool:
        """Whether one of the clients has done it, naming the one wherever somebody can be named."""
        for client in clients:
            if (await client.get(self.at(record))).status_code != 200:
                continue
            fields = await self._prepared(client, row, record) | more
            for body in (naming(row.body, fields, self.alone.id), fields):
                if (await send(client, self.lifecycle, row, record, body)).status_code == 200:
                    return True
        return False

    async def _prepared(self, client: Client, row: Action[Any, Any], record: Json) -> Json:
        """A valid body for the row; another prepares what the client may not."""
        try:
            return await prepared(client, row, self.at(record))
        except AssertionError:
            other = next(helper for helper in self.helpers if helper.id != client.id)
            return await prepared(other, row, self.at(record))

    def hand_overs(self, state: CodeEnum) -> Iterator[Action[Any, Any]]:
        """What gives the record, or what stands in it, to somebody else in that state."""
        for row in self.lifecycle.rows:
            stays = row.stays or row.leads_to == (state,)
            theirs = (self.lifecycle, row) in OF_PEOPLE and named(self.lifecycle, row) not in JUDGED_ALONE
            theirs = theirs and not issubclass(row.body, QUESTIONS)
            changes_it = not row.stays or issubclass(row.body, Patch) or _persons(row.body)
            possible = not row.opens and row.is_open_in(state) and not of_decisions(row)
            if possible and stays and theirs and changes_it:
                yield row

    async def hand_over(self, row: Action[Any, Any], record: Json) -> bool:
        """Whether somebody else has made it now, or is now what the one was."""
        other = self.world.people[OTHER_IS]
        client = self.alone if _persons(row.body) else other
        state = (await client.read(self.at(record)))["state"]
        try:
            more_said = await prepared(client, row, self.at(record))
        except (Refusal, AssertionError):  # what must be there before cannot be there now
            return False
        more_said |= HANDED_OVER.get((self.lifecycle.kind, state, row.name), {})
        everything = {name: other.id for name in _persons(row.body) if not _holds_several(row.body, name)}
        for body in (
            naming(row.body, everything | more_said, other.id),
            naming(row.body, more_said, other.id),
            more_said,
        ):
            if (await send(client, self.lifecycle, row, record, body)).status_code == 200:
                return True
        return False

    async def tries(self, row: Action[Any, Any], record: Json) -> httpx.Response:
        """What the one is answered who does it on that record."""
        body = await prepared(self.alone, row, self.at(record))
        return await send(self.alone, self.lifecycle, row, record, body)


def _persons(model: type[BaseModel]) -> list[str]:
    return [name for name, mark in marks(model, ForeignRef).items() if mark.kind == "person"]


def _holds_several(model: type[BaseModel], name: str) -> bool:
    return "tuple" in str(model.model_fields[name].annotation)


def naming(model: type[BaseModel], body: Json, person: str) -> Json:
    """The same body, in which every field that names persons names this one, and lists name it first."""
    named_ones = dict(body)
    for name, mark in marks(model, ForeignRef).items():
        if mark.kind == "person" and name in body:
            listed = body[name] if isinstance(body[name], list) else None
            named_ones[name] = person if listed is None else [*dict.fromkeys((person, *listed))]
    for name, part in part_types(model).items():
        if isinstance(body.get(name), list):
            named_ones[name] = [naming(part, entry, person) for entry in body[name]]
    return named_ones
