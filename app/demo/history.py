"""Makes the demo organisation and its history, by the commands that everybody uses, each under its own key.

The same seed gives the same history; started again after an interruption it goes on where it was.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.base.extras.assignment import AssignTicket
from app.base.extras.comments import CommentTicket
from app.base.people import persons, teams
from app.common.people import Caller, Held, Role, rule
from app.common.priority import Impact, Urgency
from app.demo.organisation import DONE, REMARKS, REQUESTERS, STAFF, TEAMS, TROUBLES
from app.kernel.bodies import Body, Nothing, Reason
from app.kernel.ledger import Ledger
from app.kernel.look import load
from app.kernel.moment import Context
from app.kernel.perform import Act, IdempotencyKey, perform
from app.log.events import id_of
from app.log.writer import Repeated
from app.processes.incidents import lifecycle as incidents
from app.processes.incidents.records import Channel, Effect, HoldReason, ResolutionCode

SEED = 20261120
INCIDENTS = 300
DAYS = 90
AT_ONCE = 8
CHANNELS = (Channel.hotline, Channel.portal, Channel.email, Channel.chat, Channel.monitoring)


@dataclass(frozen=True)
class Cast:
    """Who is there: staff by team key, requesters, and every person's id by name."""

    staff: dict[str, list[Caller]]
    requesters: list[Caller]
    ids: dict[str, UUID]


@dataclass
class Script:
    """The making of one thing: the ledger, a clock of its own, and the keys of its commands."""

    ledger: Ledger
    name: str
    now: datetime
    step: int = 0

    async def act(self, caller: Caller, kind: str, action: str, name: str | None, body: Body) -> Any:
        """Carries it out, or finds the record as it is if that was done before."""
        self.step += 1
        lifecycle = self.ledger.lifecycles[kind]
        context = Context(caller, self.now, correlation_id=f"demo-{self.name}", source="demo")
        key = IdempotencyKey("demo", f"{self.name}-{self.step}", "00")
        try:
            return (
                await perform(self.ledger, Act(lifecycle, lifecycle[action], name, body, context, key=key))
            ).record
        except Repeated as repeated:
            found = await load(self.ledger.db, lifecycle, str(id_of(repeated.earlier.stream)))
            assert found is not None
            return found.record


async def make(ledger: Ledger, progress: Callable[[int, int], None]) -> dict[str, UUID]:
    """Makes what is not there yet. Gives the persons' ids by name; `progress` is told how many of all."""
    now = datetime.now(UTC)
    cast = await _cast(ledger, now)
    done = 0
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(n: int) -> None:
        nonlocal done
        async with gate:
            await _incident(ledger, cast, n, now)
        done += 1
        progress(done, INCIDENTS)

    await asyncio.gather(*(one(n) for n in range(INCIDENTS)))
    return cast.ids


async def _cast(ledger: Ledger, now: datetime) -> Cast:
    script = Script(ledger, "people", now - timedelta(days=DAYS + 1))
    maker = rule("demo")
    team_ids = {}
    for key, name in TEAMS:
        team = await script.act(maker, "team", "add", None, teams.AddTeam(key=key, name=name))
        team_ids[key] = team.id
    ids, staff = {}, dict[str, list[Caller]]()
    for name, roles, team_key in STAFF:
        held = tuple(role.value for role in roles)
        body = persons.AddPerson(name=name, teams=(team_key,), roles=held)
        person = await script.act(maker, "person", "add", None, body)
        ids[name] = person.id
        caller = Caller(
            f"person:{person.id}", person.id, tuple(map(Held, roles)), frozenset({team_ids[team_key]})
        )
        staff.setdefault(team_key, []).append(caller)
    requesters = []
    for name in REQUESTERS:
        person = await script.act(maker, "person", "add", None, persons.AddPerson(name=name))
        ids[name] = person.id
        requesters.append(Caller(f"person:{person.id}", person.id, (Held(Role.requester),)))
    return Cast(staff, requesters, ids)


async def _incident(ledger: Ledger, cast: Cast, n: int, now: datetime) -> None:
    """One incident's life, as far as it has come by now."""
    chance = random.Random(f"{SEED}-{n}")  # noqa: S311  # a history, not a secret
    trouble = chance.choice(TROUBLES)
    title, description, team, service, effect, impact, urgency, minutes = trouble
    opened = now - timedelta(days=DAYS * (1 - n / INCIDENTS), minutes=chance.randrange(600))
    script = Script(ledger, f"incident-{n}", opened)
    requester = chance.choice(cast.requesters)
    report = incidents.ReportIncident(
        title=title,
        description=description,
        channel=chance.choice(CHANNELS),
        impact=Impact(impact),
        urgency=Urgency(urgency),
        effect=Effect(effect),
        service=service,
    )
    record = await script.act(requester, "incident", "report", None, report)
    for step in _life(chance, cast, requester, team, minutes):
        script.now += step.after
        if script.now > now:
            return
        await script.act(step.caller, "incident", step.action, str(record.id), step.body)


@dataclass(frozen=True)
class Step:
    """What somebody does, and how long after the step before."""

    after: timedelta
    caller: Caller
    action: str
    body: Body


def _life(chance: random.Random, cast: Cast, requester: Caller, team: str, minutes: int) -> list[Step]:
    """What becomes of an incident: mostly the straight way; some wait, go to another team, or come back."""

    def after(mean: float) -> timedelta:
        return timedelta(seconds=int(60 * chance.lognormvariate(0, 0.8) * mean) + 5)

    agent = replace(
        chance.choice(cast.staff["service-desk"]), roles=(Held(Role.agent), Held(Role.incident_manager))
    )
    engineer = chance.choice(cast.staff[team])
    if chance.random() < 0.03:
        return [Step(after(20), agent, "cancel", Reason(reason="Reported twice."))]
    life = [Step(after(8), agent, "acknowledge", Nothing())]
    if chance.random() < 0.15:
        wrong = chance.choice([key for key, _ in TEAMS if key != team])
        life.append(Step(after(5), agent, "assign", AssignTicket(team=wrong)))
    assigned = AssignTicket(team=team, person=str(engineer.person_id))
    life.append(Step(after(12), agent, "assign", assigned))
    life.append(Step(after(25), engineer, "start", Nothing()))
    if chance.random() < 0.3:
        remark = CommentTicket(text=chance.choice(REMARKS))
        life.append(Step(after(10), engineer, "comment", remark))
    if chance.random() < 0.2:
        reason = chance.choice((HoldReason.awaiting_requester, HoldReason.awaiting_vendor))
        life.append(Step(after(15), engineer, "hold", incidents.HoldIncident(reason=reason)))
        life.append(Step(after(600), engineer, "resume", Nothing()))
    resolve = incidents.ResolveIncident(resolution_code=ResolutionCode.fixed, done=chance.choice(DONE))
    life.append(Step(after(minutes), engineer, "resolve", resolve))
    if chance.random() < 0.06:
        life.append(Step(after(300), requester, "reopen", Reason(reason="It is back again.")))
        life.append(Step(after(minutes), engineer, "resolve", resolve))
    life.append(Step(after(1440), requester, "close", Nothing()))
    return life
