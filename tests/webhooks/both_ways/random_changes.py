"""Changes of both sides at random, told in any order and twice, while requests fail and workers die."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.client import Json
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira, JiraDataCenter, document
from tests.webhooks.standins.server import Call, Reply

LIN = "lin"
LABELS = ("red", "green", "blue")
#: Persons here, and their logins at the tool.
LOGINS = {"Lin Wu": "lin", "Anna X": "anna-x"}


@dataclass
class OnGitHub:
    """What people do at GitHub, and see there."""

    tool: GitHub

    def names(self) -> list[Any]:
        return list(self.tool.issues)

    def rename(self, name: Any, title: str) -> None:
        self.tool.edit(LIN, name, title=title)

    def end(self, name: Any, is_done: bool) -> None:
        self.tool.edit(LIN, name, state="closed" if is_done else "open", state_reason="completed")

    def comment(self, name: Any, text: str) -> None:
        self.tool.comment(LIN, name, text)

    def seen(self, name: Any) -> tuple[str, bool, Counter[str]]:
        issue = self.tool.issues[name]
        return issue["title"], issue["state"] == "closed", Counter(self.tool.texts(name))

    def number(self, name: Any) -> str:
        return f"acme/shop#{name}"


@dataclass
class OnJira:
    """What people do at Jira, and see there."""

    tool: Jira

    def names(self) -> list[Any]:
        return list(self.tool.issues)

    def rename(self, name: Any, title: str) -> None:
        self.tool.edit(LIN, name, title=title)

    def end(self, name: Any, is_done: bool) -> None:
        self.tool.move(LIN, name, "Done" if is_done else "To Do")

    def comment(self, name: Any, text: str) -> None:
        self.tool.comment(LIN, name, text if isinstance(self.tool, JiraDataCenter) else document(text))

    def seen(self, name: Any) -> tuple[str, bool, Counter[str]]:
        fields = self.tool.issues[name]["fields"]
        return fields["summary"], fields["status"]["name"] == "Done", Counter(self.tool.texts(name))

    def number(self, name: Any) -> str:
        return str(name)


@dataclass
class RandomChanges:
    """Changes at random. `all_comments` are those of people that were not withdrawn, `own_comments` those
    made here.
    """

    desk: Desk[Any]
    side: OnGitHub | OnJira
    random: Random
    incidents: list[Json] = field(default_factory=list)
    all_comments: Counter[str] = field(default_factory=Counter)
    own_comments: list[tuple[Json, str]] = field(default_factory=list)
    changes: int = 0
    failure_share: float = 0.1
    #: By id: the logins of the persons here who may be assigned.
    logins: dict[str, str] = field(default_factory=dict)

    async def add_persons(self) -> None:
        """Some persons here have logins there."""
        for name, login in LOGINS.items():
            person = await self.desk.person(name, login)
            self.logins[person["id"]] = login

    def name(self, where: str) -> str:
        self.changes += 1
        return f"{where} {self.changes}"

    async def change_here(self) -> None:
        chosen = self.random.random()
        if not self.incidents or chosen < 0.05:
            self.incidents.append(await self.desk.report(self.name("opened here")))
            return
        incident = self.random.choice(self.incidents)
        if chosen < 0.3:
            await self.desk.edit(incident, title=self.name("here"))
        elif chosen < 0.4:
            self.changes += 1
            label = self.random.choice(LABELS)
            if label in await self.desk.tags(incident):
                await self.desk.act(incident, "untag", tag=label)
            else:
                await self.desk.act(incident, "tag", tag=label, visibility="public")
        elif chosen < 0.5:
            await self._assign_here(incident)
        elif chosen < 0.7:
            text = self.name("said here")
            await self.desk.act(incident, "comment", text=text)
            self.all_comments[text] += 1
            self.own_comments.append((incident, text))
        elif chosen < 0.75 and self.own_comments:
            self.changes += 1
            about, text = self.own_comments.pop(self.random.randrange(len(self.own_comments)))
            await self.desk.withdraw(about, text)
            del self.all_comments[text]
        else:
            self.changes += 1
            state = (await self.desk.read(incident))["state"]
            if state in ("resolved", "closed"):
                await self.desk.act(incident, "reopen", reason="It is stuck again.")
                return
            if state in ("new", "acknowledged"):
                await self.desk.act(incident, "start")
            await self.desk.resolve(incident)

    async def _assign_here(self, incident: Json) -> None:
        present = await self.desk.read(incident)
        person = self.random.choice(list(self.logins))
        if present["state"] in ("resolved", "closed") or (present["assignee"] or {}).get("id") == person:
            return
        self.changes += 1
        await self.desk.act(incident, "assign", person=person)

    def change_there(self) -> None:
        if not (names := self.side.names()):
            return
        name, chosen = self.random.choice(names), self.random.random()
        if chosen < 0.3:
            self.side.rename(name, self.name("there"))
        elif chosen < 0.4:
            self.changes += 1
            changed = self.side.tool.labels(name) ^ {self.random.choice(LABELS)}
            self.side.tool.label(LIN, name, sorted(changed))
        elif chosen < 0.5:
            self.changes += 1
            self.side.tool.assign(LIN, name, self.random.choice(([], *([each] for each in LOGINS.values()))))
        elif chosen < 0.7:
            text = self.name("said there")
            self.side.comment(name, text)
            self.all_comments[text] += 1
        else:
            self.changes += 1
            self.side.end(name, self.random.random() < 0.5)

    async def hear(self) -> None:
        """Some of the webhooks come, in any order and some twice; the others later."""
        webhooks = self.desk.tool.webhooks
        self.random.shuffle(webhooks)
        n = self.random.randint(0, len(webhooks))
        now, self.desk.tool.webhooks = webhooks[:n], webhooks[n:]
        again = [webhook for webhook in now if self.random.random() < 0.2]
        self.desk.tool.webhooks += again
        await self.desk.hear(now)

    async def send(self) -> None:
        """Write to the tool; now and then a request is lost or its answer is, or the worker is killed
        meanwhile.
        """
        sending = asyncio.create_task(self.desk.send())
        self.desk.tool.before = self._trouble(sending)
        self.desk.tool.after = self._trouble(sending)
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        self.desk.tool.before = self.desk.tool.after = None
        if sending.cancelled():
            await self.desk.stage.begin_anew()

    def _trouble(self, sending: asyncio.Task[None]) -> Callable[[Call], Awaitable[Reply | bool | None]]:
        async def trouble(call: Call) -> Reply | bool | None:
            chosen = self.random.random()
            if chosen < self.failure_share / 2:
                sending.cancel()
                return False
            if chosen < self.failure_share:
                return False
            return None

        return trouble

    async def step(self) -> None:
        chosen = self.random.random()
        self.desk.later(self.random.choice((0.0, 0.2, 1.0, 3.0)))
        if chosen < 0.35:
            await self.change_here()
        elif chosen < 0.7:
            self.change_there()
        elif chosen < 0.85:
            await self.hear()
        else:
            await self.send()

    async def come_to_rest(self) -> None:
        """All trouble is over: everything is told and written."""
        for _ in range(20):
            self.desk.later(400)
            self.random.shuffle(self.desk.tool.webhooks)
            await self.desk.hear()
            await self.desk.settle()
            progress = self.desk.stage.progress(self.desk.subscription)
            if not progress.waiting and not self.desk.tool.webhooks:
                return
        raise AssertionError(f"still waiting: {progress.waiting}")

    async def check(self) -> None:
        """Both sides are equal, nothing said is lost or doubled, and there is nothing more to tell."""
        failures = await self.desk.failures()
        assert not failures, failures
        listed = (await self.desk.stage.admin.read("/v1/incidents", limit="200"))["items"]
        numbers = len(listed), len(self.side.names()), len(self.incidents)
        assert len(set(numbers)) == 1, numbers
        by_number = {self.side.number(name): self.side.seen(name) for name in self.side.names()}
        their_names = {self.side.number(name): name for name in self.side.names()}
        heard: Counter[str] = Counter()
        for incident in listed:
            (reference,) = await self.desk.read_references(incident)
            here = incident["state"] in ("resolved", "closed")
            texts = Counter(await self.desk.texts(incident))
            title, is_done, their_texts = by_number[reference["number"]]
            assert (incident["title"], here) == (title, is_done), (incident["title"], here, title, is_done)
            labels = self.side.tool.labels(their_names[reference["number"]])
            assert await self.desk.tags(incident) == labels, (incident["number"], labels)
            assignees = self.side.tool.assignees(their_names[reference["number"]])
            login = self.logins.get(str((incident["assignee"] or {}).get("id")))
            assert assignees == ({login} if login else set()), (incident["number"], login, assignees)
            assert texts == their_texts, (texts - their_texts, their_texts - texts)
            heard += texts
        lost_comments = self.all_comments - heard
        assert not lost_comments, lost_comments
        assert all(heard[text] == 1 for text in self.all_comments)
        calls = len(self.desk.tool.writes())
        self.desk.later(4_000)
        await self.desk.settle()
        assert len(self.desk.tool.writes()) == calls


async def try_changes(desk: Desk[Any], seed: int, changes: int) -> RandomChanges:
    """Make so many changes at random, and check that both sides are equal at the end."""
    side = OnGitHub(desk.tool) if isinstance(desk.tool, GitHub) else OnJira(desk.tool)
    random_changes = RandomChanges(desk, side, Random(seed))
    await random_changes.add_persons()
    while random_changes.changes < changes:
        await random_changes.step()
    await random_changes.come_to_rest()
    await random_changes.check()
    return random_changes
