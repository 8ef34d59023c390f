"""Creation of the demo organisation and two years of its history, by the same commands that users send.

The same seed gives the same history up to the time of the first start. Started again after an interruption,
it continues: each command has an idempotency key, by which it is skipped if it was done before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, PersonKind, Role, RoleGrant
from app.demo.arrivals import DAYS, MONTHS, incident_arrivals, request_arrivals
from app.demo.data.organisation import (
    BERLIN,
    CALENDARS,
    CURRENCY,
    CUSTOMERS,
    GRADES,
    HEADS,
    MACHINE_ACCOUNTS,
    PLANT_CALENDAR,
    RATES,
    REQUESTERS,
    STAFF,
    SUPPLIERS,
    TEAMS,
    UNIT_COST,
    Site,
)
from app.demo.foundations import make_foundations
from app.demo.script import DEMO_RULE, IMPORTED_SOURCE, DemoRun, RefusedStep, Script, source_of
from app.demo.scripts.article_scripts import ArticleScenario
from app.demo.scripts.change_scripts import ScriptedCalendar
from app.demo.scripts.deployment_scripts import DeploymentCalendar
from app.demo.scripts.incident_scripts import DuplicateReport, IncidentScenario, Member, Participants
from app.demo.scripts.problem_scripts import ProblemScenario, decline_candidates
from app.demo.scripts.project_scripts import ProjectScenario
from app.demo.scripts.request_scripts import HistoryEnded, RequestScenario
from app.demo.scripts.satisfaction_scripts import ComplaintScenario
from app.demo.scripts.today_scripts import OpenCaseScenario
from app.foundation.calendars.lifecycle import AddCalendar
from app.foundation.calendars.week import Weekday
from app.foundation.costs import hourly_rates
from app.foundation.people import persons, teams
from app.foundation.people.records import TeamKind
from app.foundation.rota import shifts
from app.foundation.rota.records import Duty
from app.kernel.access.reads import load
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.kpis.budgets.lifecycle import AddKpiBudget
from app.platform.db import DatabaseGone
from app.processes.incidents.payloads import MarkDuplicateIncident

CONCURRENCY = 64
# A machine that has just started is busy with other things, so the database may be lost now and then.
ATTEMPTS = 5
# Before the first month of the history, however long the months are.
FOUNDED_BEFORE = timedelta(days=31 * (MONTHS + 1) + 30)


async def make_history(
    ledger: Ledger,
    progress: Callable[[int, int], None],
    *,
    days: int | None = None,
    end: datetime | None = None,
    refused: list[RefusedStep] | None = None,
) -> dict[str, UUID]:
    """Create what is missing of the history, or of its last `days`, up to `end` (None: now). Return the
    persons' ids by name.

    Calls `progress` with the number of records done so far, and of all. Steps that the process refuses, which
    end their scenarios, are added to `refused`. Raises DatabaseGone.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _make_once(ledger, progress, days, end or datetime.now(UTC), refused)
        except DatabaseGone:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt gives or raises something")


async def _make_once(
    ledger: Ledger,
    progress: Callable[[int, int], None],
    days: int | None,
    now: datetime,
    refused: list[RefusedStep] | None,
) -> dict[str, UUID]:
    maker = await DemoRun.resume(ledger)
    if refused is not None:
        maker = replace(maker, refused=refused)
    organisation = _Organisation(maker, now)
    cast, end = await organisation.build(), organisation.end
    lives = [IncidentScenario(cast, opening) for opening in incident_arrivals(end, days)]
    # Open work is planned on the last day, so that each day has some of everything.
    lives = [life for life in lives if not life.is_open_at(end)]
    incidents: dict[int, UUID] = {}
    changes = ScriptedCalendar(maker, cast, end, days)
    tellings: list[Callable[[], Awaitable[None]]] = [
        changes.play,
        *(project.play for project in ProjectScenario.from_templates(maker, cast, end)),
        *(lambda life=life: _play_incident(maker, life, end, incidents) for life in lives),
        *(RequestScenario.for_arrival(maker, cast, wish, end).play for wish in request_arrivals(end, days)),
    ]
    work = _ScenarioRunner(progress, len(tellings))
    await work.run(tellings)
    await work.run([case.play for case in OpenCaseScenario.of_today(maker, cast, end)])
    complaints = ComplaintScenario.of_incidents(maker, cast, end, lives, incidents)
    await work.run([complaint.play for complaint in complaints])
    span = (end - timedelta(days=days or DAYS), end)
    articles = ArticleScenario.from_templates(maker, cast, span, lives, incidents)
    await work.run([article.play for article in articles])
    deployments = await DeploymentCalendar(maker, cast, end, changes).scenarios()
    await work.run([deployment.play for deployment in deployments])
    await decline_candidates(maker, cast, end)
    problems = ProblemScenario.from_templates(maker, cast, end, lives, incidents)
    await work.run([problem.play for problem in problems])
    return organisation.ids


class _ScenarioRunner:
    """A player of many scenarios at a time, which reports the progress."""

    def __init__(self, progress: Callable[[int, int], None], number: int) -> None:
        self._progress = progress
        self._number = number
        self._done = 0
        self._gate = asyncio.Semaphore(CONCURRENCY)

    async def run(self, tellings: Iterable[Callable[[], Awaitable[None]]]) -> None:
        """Play all scenarios; each of `tellings` plays one. Raises DatabaseGone."""
        failure = None
        try:
            async with asyncio.TaskGroup() as tasks:
                for telling in tellings:
                    tasks.create_task(self._run_one(telling))
        except* DatabaseGone as several:
            failure = several.exceptions[0]
        if failure is not None:
            raise failure

    async def _run_one(self, telling: Callable[[], Awaitable[None]]) -> None:
        async with self._gate:
            # The working hours that a scenario meets depend on the day of the start. If the process refuses a
            # step, the scenario ends, but the demo goes on.
            with contextlib.suppress(Refusal, HistoryEnded):
                await telling()
        self._done += 1
        self._progress(self._done, max(self._done, self._number))


class _Organisation:
    """The teams, persons, shifts, rates, calendars and other reference data to create. `end` is the time of
    the first start, at which the history ends.
    """

    def __init__(self, maker: DemoRun, now: datetime) -> None:
        self.end = now
        self.ids: dict[str, UUID] = {}
        self._teams: dict[str, UUID] = {}
        self._script = Script(maker, "people", now - FOUNDED_BEFORE, IMPORTED_SOURCE)

    async def build(self) -> Participants:
        """Create what is missing of the organisation. Return its people."""
        await self._add_teams()
        staff: dict[str, list[Member]] = {}
        managers, requesters = [], []
        for name, roles, team, site in STAFF:
            member = await self._add_person(name, team, site, roles)
            staff.setdefault(team, []).append(member)
            if Role.incident_manager in roles:
                managers.append(member)
        sites = {key: (site, place) for key, _, site, place in CUSTOMERS}
        for name, customer in REQUESTERS:
            site, place = sites[customer]
            requesters.append(await self._add_person(name, customer, site, place=place))
        heads = {name: await self._add_person(name, None, site, roles) for name, roles, site in HEADS}
        monitoring, pipeline = [
            await self._add_person(name, None, BERLIN, (Role.integration,)) for name in MACHINE_ACCOUNTS
        ]
        for team, members in staff.items():
            await self._add_shifts(team, members)
        for role_class, amount in RATES:
            body = hourly_rates.AddHourlyRate(
                role_class=role_class, amount=amount, currency=CURRENCY, valid_from_at=self._script.now
            )
            await self._script.act(DEMO_RULE, "hourly_rate", "add", None, body)
        allowed = AddKpiBudget(
            kpi="incident_unit_cost", amount=UNIT_COST, currency=CURRENCY, valid_from_at=self._script.now
        )
        await self._script.act(DEMO_RULE, "kpi_budget", "add", None, allowed)
        await self._add_calendars()
        cast = Participants(staff, managers, requesters, monitoring, pipeline, heads)
        await make_foundations(
            lambda name: Script(self._script.maker, name, self._script.now, IMPORTED_SOURCE), cast
        )
        return cast

    async def _add_teams(self) -> None:
        ours = [(key, name, TeamKind.internal) for key, name, _ in TEAMS]
        theirs = [(key, name, TeamKind.customer) for key, name, *_ in CUSTOMERS]
        awaited = [(key, name, TeamKind.supplier) for key, name in SUPPLIERS]
        for key, name, kind in (*ours, *theirs, *awaited):
            body = teams.AddTeam(key=key, name=name, kind=kind)
            self._teams[key] = await self._script.act(DEMO_RULE, "team", "add", None, body)
            if len(self._teams) == 1:
                await self._begin(str(self._teams[key]))

    async def _begin(self, team: str) -> None:
        """Set the clock by the first team: if an earlier start has added it, that start's history
        continues.
        """
        ledger = self._script.maker.ledger
        loaded = await load(ledger.db, ledger.lifecycles["team"], team)
        assert loaded is not None
        self._script.now = loaded.record.added_at
        self.end = self._script.now + FOUNDED_BEFORE

    async def _add_person(
        self, name: str, team: str | None, site: Site, roles: Sequence[Role] = (), *, place: str = ""
    ) -> Member:
        body = persons.AddPerson(
            name=name,
            grade=GRADES.get(name),
            kind=PersonKind.machine if name in MACHINE_ACCOUNTS else PersonKind.human,
            locale=site.language,
            time_zone=site.zone,
            teams=() if team is None else (team,),
            roles=tuple(role.value for role in roles),
        )
        self.ids[name] = person = await self._script.act(DEMO_RULE, "person", "add", None, body)
        own = None if team is None else self._teams[team]
        held = tuple(map(RoleGrant, roles or (Role.requester,)))
        actor = f"{'integration' if name in MACHINE_ACCOUNTS else 'person'}:{person}"
        belongs = frozenset() if own is None else frozenset({own})
        return Member(Caller(actor, person, held, belongs, own, locale=site.language), site, place)

    async def _add_calendars(self) -> None:
        """Add the calendars, with the public holidays of all years of the history."""
        year = self._script.now.year
        for key, name, site, country, subdivision, day in CALENDARS:
            years = list(range(year, year + 5))
            holidays = [{"country": country, "subdivision": subdivision, "years": years}]
            await self._add_calendar(key, name, site, tuple(Weekday)[:5], day, public_holidays=holidays)
        await self._add_calendar(*PLANT_CALENDAR, tuple(Weekday), (("00:00", "24:00"),))

    async def _add_calendar(
        self,
        key: str,
        name: str,
        site: Site,
        weekdays: Sequence[Weekday],
        day: Sequence[tuple[str, str]],
        **fields: Any,
    ) -> None:
        weekly = [{"weekdays": weekdays, "starts": starts, "ends": ends} for starts, ends in day]
        body = AddCalendar.model_validate(
            {"key": key, "name": name, "time_zone": site.zone, "weekly": weekly, **fields}
        )
        await self._script.act(DEMO_RULE, "calendar", "add", None, body)

    async def _add_shifts(self, team: str, members: Sequence[Member]) -> None:
        """Add shifts: by day each member every other week, in their site's hours, for projects have the other
        one; at night and at weekends on call, week by week in turn.
        """
        week = tuple(Weekday)
        from_date = self._script.now.date()
        for n, member in enumerate(members):
            person = str(member.caller.person_id)
            by_day = {"duty": Duty.working, "weekdays": week[:5], "starts": "08:00", "ends": "18:00"}
            by_night = {"duty": Duty.on_call, "weekdays": week, "starts": "18:00", "ends": "08:00"}
            first = from_date + timedelta(weeks=n)
            by_turns = from_date + timedelta(weeks=n % 2)
            for hours, begins, every in ((by_day, by_turns, 2), (by_night, first, len(members))):
                body = shifts.AddShift.model_validate(
                    {
                        "team": team,
                        "person": person,
                        "time_zone": member.site.zone,
                        "from_date": begins.isoformat(),
                        "every_weeks": every,
                        **hours,
                    }
                )
                await self._script.act(DEMO_RULE, "shift", "add", None, body)


async def _play_incident(
    maker: DemoRun, life: IncidentScenario, end: datetime, incidents: dict[int, UUID]
) -> None:
    """Play an incident's scenario up to the time `end`, and the duplicate reports of it."""
    opened = life.opening.arrived_at
    source = source_of(opened, end, "incident")
    script = Script(maker, f"incident-{life.opening.n}", opened, source)
    record = await script.act(life.requester.caller, "incident", "report", None, life.report())
    incidents[life.opening.n] = record
    for step in life.steps:
        if step.time > end:
            break
        script.now = step.time
        await script.act(step.caller, "incident", step.action, record, step.body)
    for n, repeat in enumerate(life.repeats):
        if repeat.marked <= end:
            again = Script(maker, f"incident-{life.opening.n}-again-{n}", repeat.time, source)
            await _repeat(again, repeat, record)


async def _repeat(script: Script, repeat: DuplicateReport, original: UUID) -> None:
    record = await script.act(repeat.caller, "incident", "report", None, repeat.body)
    script.now = repeat.marked
    body = MarkDuplicateIncident(original=str(original))
    await script.act(repeat.manager, "incident", "mark_duplicate", record, body)
