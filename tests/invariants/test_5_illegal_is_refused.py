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

from app.kernel.actions.refusals import ActionUnavailable, Refusal, WrongValue
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.log import read
from app.platform.db import Row
from tests.extent import examples, in_test_all
from tests.random_histories import BEGINNING, CAST, RandomAction, RandomWorld, random_actions

OPEN = {"new", "acknowledged", "in_progress", "on_hold"}
FROM: dict[str, set[str]] = {
    "acknowledge": {"new"},
    "start": {"new", "acknowledged"},
    "contain": {"in_progress"},
    "hold": OPEN - {"on_hold"},
    "resume": {"on_hold"},
    "declare_major": OPEN,
    "downgrade": OPEN,
    "post_update": OPEN,
    "resolve": OPEN,
    "close": {"resolved"},
    "reopen": {"resolved", "closed"},
    "review": {"resolved"},
    "mark_duplicate": OPEN,
    "cancel": OPEN,
    "repeat_alert": OPEN | {"resolved", "closed"},
    "clear_alert": OPEN | {"resolved", "closed"},
    "remind": OPEN,
    "tell_resolved": {"closed"},
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
    "mark_duplicate": "closed",
    "cancel": "cancelled",
}
WHO: dict[str, set[str]] = {
    "acknowledge": {"agent", "engineer"},
    "start": {"assignee"},
    "contain": {"engineer"},
    "hold": {"assignee"},
    "resume": {"assignee", "rule"},
    "declare_major": {"incident_manager"},
    "downgrade": {"incident_manager"},
    "post_update": {"incident_manager", "commander", "assignee"},
    "resolve": {"assignee", "integration", "rule"},
    "close": {"reporter", "agent", "rule"},
    "reopen": {"reporter", "agent", "integration"},
    "cancel": {"reporter", "agent", "incident_manager"},
    "review": {"incident_manager"},
    "mark_duplicate": {"agent"},
    "repeat_alert": {"integration"},
    "clear_alert": {"integration"},
    "remind": {"rule"},
    "tell_resolved": {"rule"},
    "assign": {"agent", "engineer", "incident_manager", "commander", "rule"},
    "comment": {"anybody"},
    "report": {"anybody", "integration"},
}
DAYS_BACK = {"agent": 7, "engineer": 7, "colleague": 7, "manager": 90}
WITHOUT_LIMIT = {"tool", "rule"}
STAFF = {"agent", "engineer", "colleague", "manager", "auditor"}
SEES_ALL = {"manager", "auditor", "rule"}
REOPEN_DAYS = 7
#: Whose an incident is: they see it.
MINE = ("requester", "reported_by", "assignee", "commander")


@dataclass(frozen=True)
class Situation:
    """A step, and what it finds. `row` is None where there is no incident yet."""

    world: RandomWorld
    step: RandomAction
    row: Row | None
    now: datetime
    #: The incidents that somebody handed to another team, each with whom: these read it still.
    handed_over: set[tuple[UUID, UUID | None]]

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


def relations(situation: Situation) -> set[str]:
    """What the caller is, to this incident."""
    caller, row = situation.step.who, situation.row
    if caller == "rule":
        return {"rule"}
    if caller == "auditor":
        return set()
    roles = {"anybody"} | {role.value for role in CAST[caller][0]}
    if row is not None and row["requester_id"] == situation.me:
        roles.add("reporter")
    if row is not None and row["commander_id"] == situation.me:
        roles.add("commander")
    if row is not None and (
        row["assignee_id"] == situation.me
        if row["assignee_id"] is not None
        else row["team_id"] in situation.team_ids
    ):
        roles.add("assignee")
    return roles


def sees(situation: Situation) -> bool:
    """Whether the incident exists for the caller."""
    assert situation.row is not None
    caller, row = situation.step.who, situation.row
    if caller in SEES_ALL or situation.me in {row[f"{which}_id"] for which in MINE}:
        return True
    if caller in {"agent", "engineer", "colleague"} and row["team_id"] in situation.team_ids:
        return True
    return caller == "agent" and (row["team_id"] is None or row["state"] == "resolved")


def only_reads(situation: Situation) -> bool:
    """Whether the caller handed the incident to another team, and has nothing else to do with it."""
    assert situation.row is not None
    return (situation.row["id"], situation.me) in situation.handed_over and not sees(situation)


def hands_over(situation: Situation, after: Row) -> bool:
    """Whether somebody of the staff has given it to a team that is none of theirs; not their own incident."""
    row = situation.row
    return (
        row is not None
        and situation.step.who in STAFF
        and row["requester_id"] != situation.me
        and after["team_id"] not in {row["team_id"], None} | situation.team_ids
    )


def wrong_time(situation: Situation) -> bool:
    """Whether it cannot have happened when it is said to have."""
    if situation.said is None:
        return False
    days = DAYS_BACK.get(situation.step.who, 0)
    reach = max(timedelta(days=days), timedelta(seconds=60))
    too_far = situation.step.who not in WITHOUT_LIMIT and situation.said < situation.now - reach
    since = None
    if situation.row is not None:
        # What is only told may be dated between changes, what sets something of the record not.
        stays = dict.fromkeys(FROM.keys() - TO.keys() - {"resume"}, "changed_at") | {"comment": "opened_at"}
        since = situation.row[stays.get(situation.step.action, "state_since")]
    return (
        situation.said > situation.now + timedelta(seconds=60)
        or too_far
        or (since is not None and situation.said < since)
    )


def wrong_value(situation: Situation) -> bool:
    """Whether something that is said cannot be."""
    choice, caller = situation.step.choice, situation.step.who
    if situation.step.action == "report":
        return choice % 4 == 3 and caller not in STAFF | {"requester", "tool"}
    if situation.step.action == "assign":
        return choice % 7 in {5, 6} or (choice % 7 == 3 and caller == "rule")
    if situation.step.action == "mark_duplicate":
        return choice % 3 == 0
    return situation.step.action == "comment" and choice % 3 == 0 and caller not in STAFF


def check(situation: Situation) -> str | None:
    """The sentence that refuses it, where state and role do not."""
    assert situation.row is not None
    row, major = situation.row, situation.row["declared_major_at"] is not None
    reviewed = row["reviewed_at"] is not None
    refused = {
        "nobody_has_seen_it": situation.step.action == "resolve"
        and row["state"] == "new"
        and situation.step.who not in {"tool", "rule"},
        "is_no_major": situation.step.action in {"downgrade", "review"} and not major,
        "already_reviewed": situation.step.action == "review" and reviewed,
        "major_not_reviewed": situation.step.action == "close" and major and not reviewed,
        "is_no_duplicate": situation.step.action == "tell_resolved" and row["duplicate_of_id"] is None,
        "too_late_to_reopen": situation.step.action == "reopen" and long_ago(situation),
    }
    return next((code for code, holds in refused.items() if holds), None)


def long_ago(situation: Situation) -> bool:
    """Whether it ended before the agreed days."""
    assert situation.row is not None
    ended = situation.row["resolved_at"] or situation.row["closed_at"]
    happens = situation.said or max(situation.now, situation.row["state_since"])
    return bool(happens > ended + timedelta(days=REOPEN_DAYS))


def allowed(situation: Situation) -> set[str]:
    """What is open to the caller now."""
    assert situation.row is not None
    state, mine = situation.row["state"], relations(situation)
    return {action for action, states in FROM.items() if state in states and WHO[action] & mine}


def verdict(situation: Situation) -> str:
    """`done`, or the code of the refusal; the first reason counts, from the coarsest to the finest."""
    action, may = situation.step.action, bool(WHO[situation.step.action] & relations(situation))
    if situation.row is None:
        reasons: list[tuple[str, Callable[[], bool]]] = [("forbidden", lambda: not may)]
    else:
        state = situation.row["state"]
        reasons = [
            ("not_found", lambda: not sees(situation) and not only_reads(situation)),
            ("changed_since", lambda: situation.step.if_match == "wrong"),
            ("onlooker_reads", lambda: only_reads(situation)),
            ("not_in_this_state", lambda: state not in FROM[action]),
            ("forbidden", lambda: not may),
        ]
    reasons += [("wrong_value", lambda: wrong_time(situation) or wrong_value(situation))]
    for code, holds in reasons:
        if holds():
            return code
    return (situation.row is not None and check(situation)) or "done"


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


async def take_and_compare(
    world: RandomWorld, step: RandomAction, handed_over: set[tuple[UUID, UUID | None]]
) -> None:
    ledger = world.ledger
    row = await row_of(ledger, world.name(step))
    if row is None:
        step = RandomAction(step.who, "report", 0, step.choice, step.seconds_ago, "")
    version = (
        None if row is None else {"right": row["version"], "wrong": row["version"] + 1}.get(step.if_match)
    )
    before, head = await everything(ledger), await read.head(ledger.db)
    situation = Situation(world, step, row, datetime.now(UTC), handed_over)
    outcome = await world.perform(step, if_match=version, now=situation.now)
    expected = verdict(situation)
    if isinstance(outcome, CommandResult):
        assert expected == "done", f"{step} was done, and is {expected}"
        after = await compare_done(world, step, row, outcome)
        if hands_over(situation, after):
            handed_over.add((after["id"], situation.me))
        assert await read.head(ledger.db) == head + 1
        return
    assert isinstance(outcome, Refusal)
    code = "wrong_value" if isinstance(outcome, WrongValue) else outcome.code
    assert code == expected, f"{step} was refused: {outcome}"
    assert await everything(ledger) == before, "a refused command has written something"
    if isinstance(outcome, ActionUnavailable) and row is not None:
        assert outcome.more["state"] == row["state"]
        # What every ticket has beside these is tested where it is written.
        assert set(outcome.more["allowed_actions"]) & FROM.keys() == allowed(situation) - {step.action}


async def compare_done(
    world: RandomWorld, step: RandomAction, row: Row | None, outcome: CommandResult
) -> Row:
    after = await row_of(world.ledger, outcome.record.id)
    assert after is not None
    before = "new" if row is None else row["state"]
    resumed = row["held_from"] if row is not None and step.action == "resume" else before
    assert after["state"] == TO.get(step.action, resumed)
    return after


@settings(
    max_examples=examples(30),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(random_actions(), min_size=20, max_size=40))
async def test_what_comes_of_anything_that_anybody_does_is_what_the_process_says(
    world: RandomWorld, history: list[RandomAction]
) -> None:
    world.incidents.clear()
    handed_over: set[tuple[UUID, UUID | None]] = set()
    for step in (*BEGINNING, *history):
        await take_and_compare(world, step, handed_over)


@in_test_all
async def test_everything_that_anybody_can_do_in_every_state_comes_out_as_the_process_says(
    world: RandomWorld,
) -> None:
    """Not at random: each of the cast, each action, each state, once."""
    paths = {
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
    handed_over: set[tuple[UUID, UUID | None]] = set()
    for state, path in paths.items():
        world.incidents.clear()
        for action in FROM:
            for caller in sorted(world.callers):
                row = await row_of(world.ledger, world.incidents[-1] if world.incidents else None)
                if row is None or row["version"] != len(path) + 1 or row["state"] != state:
                    handed_over |= await begin_anew(world, path)
                await take_and_compare(world, RandomAction(caller, action, 0, 1, None, ""), handed_over)


async def begin_anew(world: RandomWorld, path: list[tuple[str, str]]) -> set[tuple[UUID, UUID | None]]:
    """An incident that went that way. Gives who handed it to another team by that."""
    world.incidents.clear()
    handed_over: set[tuple[UUID, UUID | None]] = set()
    for caller, action in [("requester", "report"), *path]:
        done = await world.perform(RandomAction(caller, action, 0, 0, None, ""))
        assert isinstance(done, CommandResult)
        if action == "assign":
            handed_over.add((done.record.id, world.callers[caller].person_id))
    return handed_over
