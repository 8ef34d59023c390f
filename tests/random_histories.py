"""Random histories: people who do what they may and what they may not, made by hypothesis as plain values.

`RandomAction` is one such act; `RandomWorld` carries it out and says what came of it. What ought to have come
of it is for the tests to know: nothing here looks at a lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from app.common.people import Caller, PersonKind, Role, rule_caller
from app.foundation.people import persons
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.processes.incidents.monitoring.alerts import ClearAlertIncident, RepeatAlertIncident
from app.processes.incidents.payloads import (
    ContainIncident,
    DeclareMajorIncident,
    HoldIncident,
    MarkDuplicateIncident,
    PostUpdateIncident,
    RemindIncident,
    ReportIncident,
    ResolveIncident,
    ReviewIncident,
)
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.people import act, add_caller, add_team

#: Who acts in a random history, with their roles and the teams that they work in.
CAST: dict[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "requester": ((), ("sales",)),
    "another": ((Role.requester,), ()),
    "agent": ((Role.agent,), ("desk",)),
    "engineer": ((Role.engineer,), ("mail",)),
    "colleague": ((Role.engineer,), ("mail", "net")),
    "manager": ((Role.incident_manager,), ()),
    "auditor": ((Role.auditor,), ()),
    "tool": ((Role.integration,), ()),
}
TEAMS = ("sales", "desk", "mail", "net")
ACTIONS = (
    "acknowledge",
    "start",
    "contain",
    "hold",
    "resume",
    "declare_major",
    "downgrade",
    "post_update",
    "resolve",
    "close",
    "reopen",
    "review",
    "mark_duplicate",
    "cancel",
    "repeat_alert",
    "clear_alert",
    "remind",
    "tell_resolved",
    "assign",
    "comment",
)
#: When it is said to have happened, before now; None: nothing is said.
SECONDS_AGO = (*[None] * 12, 0, 30, 3600, 3 * 86400, 30 * 86400, -30, -3600)


@dataclass(frozen=True)
class RandomAction:
    """Somebody does something to one of the incidents, or reports one."""

    who: str
    action: str
    which: int
    choice: int
    seconds_ago: int | None
    if_match: str


BEGINNING = (
    RandomAction("requester", "report", 0, 0, None, ""),
    RandomAction("agent", "assign", 0, 0, None, ""),
)


def random_actions() -> st.SearchStrategy[RandomAction]:
    """One act. Those who may do much are met more often, so that histories get somewhere."""
    busy = ["engineer"] * 8 + ["agent", "colleague", "requester", "tool"] * 2
    return st.builds(
        RandomAction,
        st.sampled_from([*sorted(CAST), "rule", *busy]),
        st.sampled_from(["report", *ACTIONS, *ACTIONS, "assign"]),
        st.sampled_from([0, 0, 0, 1]),
        st.integers(0, 11),
        st.sampled_from(SECONDS_AGO),
        st.sampled_from([""] * 8 + ["right", "wrong"]),
    )


@dataclass(repr=False)
class RandomWorld:
    """The people of a history, and its incidents."""

    ledger: Ledger
    callers: dict[str, Caller] = field(default_factory=dict)
    teams: dict[str, UUID] = field(default_factory=dict)
    incidents: list[UUID] = field(default_factory=list)
    #: An incident that others may repeat; nobody does anything to it.
    original: UUID | None = None

    @classmethod
    async def create(cls, ledger: Ledger) -> RandomWorld:
        """A world with all of its people and without incidents."""
        world = cls(ledger)
        for key in TEAMS:
            world.teams[key] = (await add_team(ledger, key)).id
        for name, (roles, teams) in CAST.items():
            if name == "tool":
                body = persons.AddPerson(name=name, kind=PersonKind.machine)
                machine = (await act(ledger, rule_caller("tests"), "person", "add", body=body)).record
                held = (await add_caller(ledger, "nobody", *roles)).roles
                world.callers[name] = Caller(f"integration:{machine.id}", machine.id, held)
            else:
                world.callers[name] = await add_caller(ledger, name, *roles, teams=teams)
        world.callers["rule"] = rule_caller("wanders")
        reported = await act(
            ledger, world.callers["another"], "incident", "report", body=_report(world, 0, None)
        )
        world.original = reported.record.id
        return world

    async def play(self, history: Iterable[RandomAction]) -> list[CommandResult | Refusal]:
        """A whole history, without the incidents of those before. It begins with one that engineers see."""
        self.incidents.clear()
        return [await self.perform(step) for step in (*BEGINNING, *history)]

    def body(self, step: RandomAction, now: datetime) -> Payload:
        """What they say; `choice` says which of the possible things."""
        occurred_at = None if step.seconds_ago is None else now - timedelta(seconds=step.seconds_ago)
        return _BODIES.get(step.action, _empty_body)(self, step.choice, occurred_at)

    def name(self, step: RandomAction) -> UUID | None:
        """The incident that it is about; None if it is a report, or if there are none yet."""
        if step.action == "report" or not self.incidents:
            return None
        return self.incidents[step.which % len(self.incidents)]

    async def perform(
        self,
        step: RandomAction,
        *,
        if_match: int | None = None,
        now: datetime | None = None,
        ledger: Ledger | None = None,
    ) -> CommandResult | Refusal:
        """Does it. Gives what came of it; any other exception is a fault of ours."""
        now = now or datetime.now(UTC)
        name = self.name(step)
        if name is None:
            step = replace(step, action="report")
        try:
            done = await act(
                ledger or self.ledger,
                self.callers[step.who],
                "incident",
                step.action,
                name,
                self.body(step, now),
                now=now,
                if_match=if_match,
            )
        except Refusal as refusal:
            return refusal
        if step.action == "report":
            self.incidents.append(done.record.id)
        return done


def _empty_body(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    return EmptyPayload(occurred_at=occurred_at)


def _report(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    requesters = (None, None, "me", str(world.callers["requester"].person_id))
    return ReportIncident.model_validate(
        {
            "title": f"Title {choice}",
            "description": "What happened. 汉😀",
            "channel": "portal",
            "impact": str(1 + choice % 3),
            "urgency": str(1 + choice // 3 % 3),
            "effect": "down",
            "service": "mail" if choice % 2 else None,
            "requester": requesters[choice % 4],
            "occurred_at": occurred_at,
        }
    )


def _contain(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    return ContainIncident(measure="The relay is off.", occurred_at=occurred_at)


def _declare_major(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    commander = str(world.callers["engineer" if choice % 2 else "manager"].person_id)
    return DeclareMajorIncident(commander=commander, statement="It is down.", occurred_at=occurred_at)


def _post_update(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    due = datetime.now(UTC) + timedelta(hours=1)
    return PostUpdateIncident(statement="We are at it.", next_update_due_at=due, occurred_at=occurred_at)


def _review(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    happened = {"happened_at": "2020-01-01T00:00:00Z", "text": "It went down."}
    words = {name: f"Words about {name}." for name in ("causes", "went_well", "went_badly")}
    owner = str(world.callers["engineer"].person_id)
    action = {"title": "Mend it", "owner": owner, "due_at": "2199-01-01T00:00:00Z"}
    review = {"timeline": [happened], **words, "actions": [action] * (choice % 3), "occurred_at": occurred_at}
    return ReviewIncident.model_validate(review)


def _mark_duplicate(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    """Of the incident that others repeat, or of one that there is not."""
    original = "INC-2000-000001" if choice % 3 == 0 else str(world.original)
    return MarkDuplicateIncident(original=original, occurred_at=occurred_at)


def _repeat_alert(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    return RepeatAlertIncident(title="The disk is full", occurred_at=occurred_at)


def _clear_alert(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    cleared_at = datetime.now(UTC) - timedelta(hours=choice % 50)
    return ClearAlertIncident(title="The disk is full", cleared_at=cleared_at, occurred_at=occurred_at)


def _remind(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    return RemindIncident(persons=(str(world.callers["engineer"].person_id),), occurred_at=occurred_at)


def _hold_body(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    wakes = None if choice % 2 else datetime.now(UTC) + timedelta(days=1)
    return HoldIncident.model_validate({"reason": "other", "wake_up_at": wakes, "occurred_at": occurred_at})


def _resolve(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    cause = "A cable." if choice % 3 == 0 else None
    return ResolveIncident.model_validate(
        {"resolution_code": "fixed", "done": "Mended.", "cause": cause, "occurred_at": occurred_at}
    )


def _reason(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    return Reason(reason="Because.", occurred_at=occurred_at)


def _assign(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    """To a team, to oneself, to one of a team, to one who is not in it, or to nobody that there is."""
    engineer = str(world.callers["engineer"].person_id)
    assignment: dict[str, Any] = (
        {"team": "mail"},
        {"team": "mail"},
        {"team": "net"},
        {"person": "me"},
        {"team": "mail", "person": engineer},
        {"team": "net", "person": engineer},
        {"team": "there is none"},
    )[choice % 7]
    return AssignTicket(**assignment, occurred_at=occurred_at)


def _comment(world: RandomWorld, choice: int, occurred_at: datetime | None) -> Payload:
    visibility = "internal" if choice % 3 == 0 else "public"
    return CommentTicket.model_validate(
        {"text": "Words.", "visibility": visibility, "occurred_at": occurred_at}
    )


_BODIES = {
    "report": _report,
    "contain": _contain,
    "hold": _hold_body,
    "declare_major": _declare_major,
    "downgrade": _reason,
    "post_update": _post_update,
    "resolve": _resolve,
    "reopen": _reason,
    "cancel": _reason,
    "review": _review,
    "mark_duplicate": _mark_duplicate,
    "repeat_alert": _repeat_alert,
    "clear_alert": _clear_alert,
    "remind": _remind,
    "assign": _assign,
    "comment": _comment,
}
