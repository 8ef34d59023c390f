"""Whatever the tool's clock says, our times stay ours, and people's changes there get their right time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from app.log import read
from app.webhooks.two_way.tool_clocks import ClockSample, ToolClock
from tests.client import Json
from tests.extent import WHOLE, in_test_all
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.both_ways.random_changes import LIN, OnGitHub, OnJira
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira
from tests.webhooks.standins.server import Call

#: Of 100 seeds in `make test-all`, and 5 in `make test`: every second one runs with Jira.
SEEDS = range(100 if WHOLE else 5)
#: GitHub cuts off the fraction of a second, and so the clock is known to a second.
NEAR = timedelta(seconds=2)
DONE = ("resolved", "closed", "cancelled")


@dataclass(frozen=True)
class Step:
    """A change of the state, made here or there at that time of our clock."""

    is_ours: bool
    is_done: bool
    made_at: datetime

    def is_near(self, other: Step) -> bool:
        same = (self.is_ours, self.is_done) == (other.is_ours, other.is_done)
        return same and abs(self.made_at - other.made_at) <= (timedelta() if self.is_ours else NEAR)


@dataclass
class Shift:
    """People of both sides work on a ticket in turns, while the tool's clock is ahead by `skew`."""

    desk: Desk[Any]
    side: OnGitHub | OnJira
    random: Random
    skew: timedelta
    steps: list[Step] = field(default_factory=list)
    late: list[Any] = field(default_factory=list)

    async def work(self) -> Json:
        desk = self.desk
        desk.tool.now = lambda: desk.stage.now + self.skew
        earlier = set(self.side.names())
        incident = await desk.report("The till is stuck")
        self._pass_time()
        await desk.settle()
        (name,) = set(self.side.names()) - earlier
        await desk.act(incident, "start")
        is_done = False
        for _ in range(6):
            self._pass_time()
            is_ours = self.random.random() < 0.5
            if self.random.random() < 0.3:
                await self._talk(incident, name, is_ours)
            else:
                is_done = not is_done
                await self._turn(incident, name, Step(is_ours, is_done, desk.stage.now))
            # What people here have done is written after a while only.
            desk.later(self.random.choice((0.3, 2.0, 20.0)))
            await self._settle()
        await self._settle(everything=True)
        return await desk.read(incident)

    def _pass_time(self) -> None:
        self.desk.later(self.random.uniform(5, 60))

    async def _turn(self, incident: Json, name: Any, step: Step) -> None:
        self.steps.append(step)
        if not step.is_ours:
            self.side.end(name, step.is_done)
        elif step.is_done:
            state = (await self.desk.read(incident))["state"]
            if state in ("new", "acknowledged"):
                await self.desk.act(incident, "start")
            await self.desk.resolve(incident)
        else:
            await self.desk.act(incident, "reopen", reason="It is stuck again.")

    async def _talk(self, incident: Json, name: Any, is_ours: bool) -> None:
        if is_ours:
            await self.desk.act(incident, "comment", text=f"Here {len(self.steps)}")
        else:
            self.side.comment(name, f"There {len(self.steps)}")

    async def _settle(self, *, everything: bool = False) -> None:
        """Everything is told in any order, some of it twice, and some echoes much later."""
        for _ in range(20):
            await self.desk.send()
            webhooks, self.desk.tool.webhooks = self.desk.tool.webhooks, []
            self.random.shuffle(webhooks)
            if not webhooks:
                break
            await self.desk.hear(webhooks)
            self.late += [each for each in webhooks if self.random.random() < 0.2]
        if everything:
            await self.desk.hear(self.late)
            await self.desk.send()


async def steps_in_the_log(desk: Desk[Any], incident: Json) -> list[Step]:
    """The changes between open and done that the log has, by their time."""
    name = f"incident/{incident['id']}"
    logged: list[Step] = []
    is_done = False
    events = await read.stream_events(desk.stage.api.ledger.db, name)
    for event in sorted(events, key=lambda each: (each.occurred_at, each.version)):
        state = {**event.data["set"].get(name, {}), **event.data.get("late", {}).get(name, {})}.get("state")
        if state is not None and (state in DONE) != is_done:
            is_done = not is_done
            logged.append(Step(not event.source.startswith("webhook:"), is_done, event.occurred_at))
    return logged


async def try_shift(desk: Desk[Any], seed: int) -> None:
    random = Random(seed)
    # The first seeds have what is rare among random ones: small differences.
    skews: Sequence[float] = (-2.0, -3_600.0, -600.0, 2.0, 90.0)
    skew = timedelta(seconds=skews[seed] if seed < len(skews) else random.uniform(-7_200, 7_200))
    side = OnGitHub(desk.tool) if isinstance(desk.tool, GitHub) else OnJira(desk.tool)
    shift = Shift(desk, side, random, skew)
    began_at = desk.stage.now
    context = f"seed {seed}, skew {skew}"
    try:
        incident = await shift.work()
    except AssertionError as error:
        error.add_note(f"{context}: {shift.steps}")
        raise
    assert not await desk.failures(), context
    assert datetime.fromisoformat(incident["opened_at"]) == began_at, context
    logged = await steps_in_the_log(desk, incident)
    pairs = list(zip(logged, shift.steps, strict=False))
    assert len(logged) == len(shift.steps), (context, logged, shift.steps)
    assert all(a.is_near(b) for a, b in pairs), (context, pairs)
    events = await read.stream_events(desk.stage.api.ledger.db, f"incident/{incident['id']}")
    types = [event.type for event in events if event.source.startswith("webhook:")]
    theirs = [step for step in shift.steps if not step.is_ours]
    # GitHub's closed issue is resolved and closed; its echo would be one of both again.
    assert types.count("incident.resolved") == sum(step.is_done for step in theirs), (context, types)
    assert types.count("incident.reopened") == sum(not step.is_done for step in theirs), (context, types)
    last_done = shift.steps[-1] if shift.steps and shift.steps[-1].is_done else None
    if last_done is not None:
        difference = abs(datetime.fromisoformat(incident["resolved_at"]) - last_done.made_at)
        assert difference <= (timedelta() if last_done.is_ours else NEAR), (context, difference)


async def test_github_may_have_any_clock(desk: Desk[GitHub]) -> None:
    for seed in SEEDS[::2]:
        await try_shift(desk, seed)


@in_test_all
async def test_jira_may_have_any_clock(jira_desk: Desk[Jira]) -> None:
    for seed in SEEDS[1::2]:
        await try_shift(jira_desk, seed)


async def test_the_difference_is_marked_and_shown(desk: Desk[GitHub]) -> None:
    desk.tool.now = lambda: desk.stage.now - timedelta(minutes=10)
    incident = await desk.report("The till is stuck")
    await desk.settle()
    status = await desk.stage.admin.read(f"/v1/webhook_sources/{desk.source.source['id']}/status")
    assert (status["clock_differs"], round(status["clock_ahead_seconds"] / 60)) == (True, -10)
    assert (await desk.read(incident))["altered"] == {"occurred_at": ["clock_differs"]}


async def test_a_state_that_we_are_just_writing_is_no_event_of_whoever_is_named_with_it(
    desk: Desk[GitHub],
) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.later()
    await desk.act(incident, "start")
    await desk.resolve(incident)

    async def lose(call: Call) -> bool | None:
        if call.method == "PATCH":
            desk.later()
            desk.tool.comment(LIN, 1, "Thank you.")
            return False
        return None

    desk.tool.after = lose
    await desk.send()
    desk.tool.after = None
    # The answer is lost, and Lin's comment tells of a closed issue.
    await desk.hear([desk.tool.webhooks[-1]])
    assert (await desk.read(incident))["state"] == "resolved"
    await desk.send(seconds=10)
    await desk.settle()
    events = (await desk.stage.admin.read(f"/v1/incidents/{incident['id']}/events"))["items"]
    assert [event["type"] for event in events].count("incident.resolved") == 1
    assert await desk.texts(incident) == ["Thank you."]


def test_the_estimate_stays_until_a_write_contradicts_it() -> None:
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)

    def sample(ahead: float, seconds: float = 0.1, precision: int = 0) -> ClockSample:
        time = now + timedelta(seconds=ahead)
        return ClockSample(time.replace(microsecond=precision), now, now + timedelta(seconds=seconds))

    clock = ToolClock()
    assert clock.measure(sample(0.9)).ahead == timedelta(), "GitHub cuts off fractions"
    behind = clock.measure(sample(-120))
    assert abs(behind.ahead + timedelta(seconds=120)) < timedelta(seconds=1)
    assert behind.measure(sample(-120, seconds=2)).ahead == behind.ahead, "a slow answer says little"
    set_right = behind.measure(sample(0.0))
    assert set_right.ahead == timedelta()
