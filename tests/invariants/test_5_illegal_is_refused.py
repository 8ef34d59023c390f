"""Invariant 5: every illegal transition is refused, saying state and allowed actions, and nothing is written.

What is legal is said here once more, from the process document and not from the lifecycle: who, from where,
where to, and what else must hold. Random people do random things; what comes of it must be what stands here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import Row
from app.kernel.ledger import Ledger
from app.kernel.perform import Done
from app.kernel.refusals import NotNow, Refusal, WrongValue
from app.log import read
from tests.wander import BEGINNING, CAST, Step, World, steps

OPEN = {"new", "acknowledged", "in_progress", "on_hold"}
FROM: dict[str, set[str]] = {
    "acknowledge": {"new"},
    "start": {"new", "acknowledged"},
    "hold": OPEN - {"on_hold"},
    "resume": {"on_hold"},
    "resolve": OPEN,
    "close": {"resolved"},
    "reopen": {"resolved", "closed"},
    "cancel": OPEN,
    "assign": OPEN,
    "comment": OPEN | {"resolved", "closed", "cancelled"},
}
TO = {
    "acknowledge": "acknowledged",
    "start": "in_progress",
    "hold": "on_hold",
    "resolve": "resolved",
    "close": "closed",
    "reopen": "in_progress",
    "cancel": "cancelled",
}
WHO: dict[str, set[str]] = {
    "acknowledge": {"agent", "engineer"},
    "start": {"assignee"},
    "hold": {"assignee"},
    "resume": {"assignee"},
    "resolve": {"assignee", "integration", "rule"},
    "close": {"reporter", "agent", "rule"},
    "reopen": {"reporter", "agent", "integration"},
    "cancel": {"reporter", "agent"},
    "assign": {"agent", "engineer", "rule"},
    "comment": {"anybody"},
    "report": {"anybody", "integration"},
}
DAYS_BACK = {"agent": 7, "engineer": 7, "colleague": 7, "manager": 90}
WITHOUT_LIMIT = {"tool", "rule"}
STAFF = {"agent", "engineer", "colleague", "manager", "auditor"}
SEES_ALL = {"manager", "auditor", "rule"}
REOPEN_DAYS = 7


@dataclass(frozen=True)
class Situation:
    """A step, and what it finds. `row` is None where there is no incident yet."""

    world: World
    step: Step
    row: Row | None
    now: datetime

    @property
    def me(self) -> UUID | None:
        return self.world.callers[self.step.who].person_id

    @property
    def team_ids(self) -> set[UUID]:
        return {self.world.teams[key] for key in CAST.get(self.step.who, ((), ()))[1]}

    @property
    def said(self) -> datetime | None:
        ago = self.step.seconds_ago
        return None if ago is None else self.now - timedelta(seconds=ago)


def relations(at: Situation) -> set[str]:
    """What the caller is, to this incident."""
    who, row = at.step.who, at.row
    if who == "rule":
        return {"rule"}
    if who == "auditor":
        return set()
    found = {"anybody"} | {role.value for role in CAST[who][0]}
    if row is not None and row["requester_id"] == at.me:
        found.add("reporter")
    if row is not None and (
        row["assignee_id"] == at.me if row["assignee_id"] is not None else row["team_id"] in at.team_ids
    ):
        found.add("assignee")
    return found


def sees(at: Situation) -> bool:
    """Whether the incident exists for the caller."""
    assert at.row is not None
    who, row = at.step.who, at.row
    if who in SEES_ALL or at.me in (row["requester_id"], row["assignee_id"]):
        return True
    if who in {"agent", "engineer", "colleague"} and row["team_id"] in at.team_ids:
        return True
    return who == "agent" and row["team_id"] is None


def wrong_time(at: Situation) -> bool:
    """Whether it cannot have happened when it is said to have."""
    if at.said is None:
        return False
    days = DAYS_BACK.get(at.step.who, 0)
    reach = max(timedelta(days=days), timedelta(seconds=60))
    too_far = at.step.who not in WITHOUT_LIMIT and at.said < at.now - reach
    since = None
    if at.row is not None:
        since = at.row[{"assign": "changed_at", "comment": "opened_at"}.get(at.step.action, "state_since")]
    return at.said > at.now + timedelta(seconds=60) or too_far or (since is not None and at.said < since)


def wrong_value(at: Situation) -> bool:
    """Whether something that is said cannot be."""
    choice, who = at.step.choice, at.step.who
    if at.step.action == "report":
        return choice % 4 == 3 and who not in STAFF | {"requester"}
    if at.step.action == "assign":
        return choice % 7 in {5, 6} or (choice % 7 == 3 and who == "rule")
    return at.step.action == "comment" and choice % 3 == 0 and who not in STAFF


def check(at: Situation) -> str | None:
    """The sentence that refuses it, where state and role do not."""
    assert at.row is not None
    if at.step.action == "resolve" and at.row["state"] == "new" and at.step.who not in {"tool", "rule"}:
        return "nobody_has_seen_it"
    if at.step.action == "reopen":
        ended = at.row["resolved_at"] or at.row["closed_at"]
        happens = at.said or max(at.now, at.row["state_since"])
        if happens > ended + timedelta(days=REOPEN_DAYS):
            return "too_late_to_reopen"
    return None


def allowed(at: Situation) -> set[str]:
    """What is open to the caller now."""
    assert at.row is not None
    state, mine = at.row["state"], relations(at)
    return {action for action, states in FROM.items() if state in states and WHO[action] & mine}


def verdict(at: Situation) -> str:
    """`done`, or the code of the refusal; the first reason counts, from the coarsest to the finest."""
    action, may = at.step.action, bool(WHO[at.step.action] & relations(at))
    if at.row is None:
        reasons: list[tuple[str, Callable[[], bool]]] = [("forbidden", lambda: not may)]
    else:
        state = at.row["state"]
        reasons = [
            ("not_found", lambda: not sees(at)),
            ("changed_since", lambda: at.step.if_match == "wrong"),
            ("not_in_this_state", lambda: state not in FROM[action]),
            ("forbidden", lambda: not may),
        ]
    reasons += [("wrong_value", lambda: wrong_time(at) or wrong_value(at))]
    for code, holds in reasons:
        if holds():
            return code
    return (at.row is not None and check(at)) or "done"


async def row_of(ledger: Ledger, name: UUID | None) -> Row | None:
    return None if name is None else await ledger.db.row("select * from fold.incident where id = %s", (name,))


async def everything(ledger: Ledger) -> Any:
    """What would be otherwise if anything were written; transactions number what they write."""
    return await ledger.db.row(
        "select (select count(*) from log.event) as events, (select count(*) from log.idempotency) as once, "
        "(select count(*) from vault.personal_key) as keys, (select count(*) from fold.comment) as comments, "
        "(select xmin::text from log.head) as head, "
        "(select max(xmin::text::bigint) from log.stream_head) as heads, "
        "(select max(xmin::text::bigint) from fold.incident) as rows"
    )


async def take_and_compare(world: World, step: Step) -> None:
    ledger = world.ledger
    row = await row_of(ledger, world.name(step))
    if row is None:
        step = Step(step.who, "report", 0, step.choice, step.seconds_ago, "")
    version = (
        None if row is None else {"right": row["version"], "wrong": row["version"] + 1}.get(step.if_match)
    )
    before, head = await everything(ledger), await read.head(ledger.db)
    at = Situation(world, step, row, datetime.now(UTC))
    outcome = await world.take(step, if_match=version, now=at.now)
    expected = verdict(at)
    if isinstance(outcome, Done):
        assert expected == "done", f"{step} was done, and is {expected}"
        await compare_done(world, step, row, outcome)
        assert await read.head(ledger.db) == head + 1
        return
    assert isinstance(outcome, Refusal)
    code = "wrong_value" if isinstance(outcome, WrongValue) else outcome.code
    assert code == expected, f"{step} was refused: {outcome}"
    assert await everything(ledger) == before, "a refused command has written something"
    if isinstance(outcome, NotNow) and row is not None:
        assert outcome.more["state"] == row["state"]
        assert set(outcome.more["allowed_actions"]) == allowed(at) - {step.action}


async def compare_done(world: World, step: Step, row: Row | None, outcome: Done) -> None:
    after = await row_of(world.ledger, outcome.record.id)
    assert after is not None
    before = "new" if row is None else row["state"]
    resumed = row["held_from"] if row is not None and step.action == "resume" else before
    assert after["state"] == TO.get(step.action, resumed)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(steps(), min_size=20, max_size=40))
async def test_what_comes_of_anything_that_anybody_does_is_what_the_process_says(
    world: World, history: list[Step]
) -> None:
    world.incidents.clear()
    for step in (*BEGINNING, *history):
        await take_and_compare(world, step)


async def test_everything_that_anybody_can_do_in_every_state_comes_out_as_the_process_says(
    world: World,
) -> None:
    """Not at random: each of the cast, each action, each state, once."""
    ways = {
        "new": [],
        "acknowledged": [("agent", "acknowledge")],
        "in_progress": [("agent", "assign"), ("engineer", "start")],
        "on_hold": [("agent", "assign"), ("engineer", "hold")],
        "resolved": [("agent", "assign"), ("engineer", "start"), ("engineer", "resolve")],
        "closed": [
            ("agent", "assign"),
            ("engineer", "start"),
            ("engineer", "resolve"),
            ("requester", "close"),
        ],
        "cancelled": [("requester", "cancel")],
    }
    for state, way in ways.items():
        world.incidents.clear()
        for action in FROM:
            for who in sorted(world.callers):
                row = await row_of(world.ledger, world.incidents[-1] if world.incidents else None)
                if row is None or row["version"] != len(way) + 1 or row["state"] != state:
                    await begin_anew(world, way)
                await take_and_compare(world, Step(who, action, 0, 1, None, ""))


async def begin_anew(world: World, way: list[tuple[str, str]]) -> None:
    """An incident that went that way."""
    world.incidents.clear()
    for who, action in [("requester", "report"), *way]:
        assert isinstance(await world.take(Step(who, action, 0, 0, None, "")), Done)
