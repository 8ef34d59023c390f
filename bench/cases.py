"""An organisation and hundreds of thousands of incidents in the log, as data for measurements."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.common.people import rule_caller
from app.foundation.calendars import lifecycle as calendars
from app.foundation.calendars.definition import WeeklyHours
from app.foundation.calendars.lifecycle import AddCalendar
from app.foundation.calendars.week import Weekday
from app.foundation.people import persons, teams
from app.foundation.services import services
from app.foundation.services.records import Criticality
from app.foundation.services.services import ProposeService
from app.kernel import ledger as ledgers
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.kpis.budgets import lifecycle as kpi_budgets
from app.kpis.budgets.lifecycle import AddKpiBudget
from app.log.ids import uuid7
from app.platform.db import Connection
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from bench.figures import Run
from bench.site import Site

TEAMS, PERSONS, WORDS = 20, 60, 100_000
SERVICES, OFFICE = 20, "office"
# The period before now, in days, in which all incidents were opened.
DAYS = 730
CASES_AT_ONCE = 20_000
# An English and a Chinese word that all texts contain, the same for one text in RARELY, and RARELY.
FAULT, RARE_FAULT, RARELY = ("mail", "邮件"), ("printer", "打印"), 500
SQL = Path(__file__).with_name("cases.sql")


@dataclass
class LargeSite:
    """A site with many incidents. `owner` is a superuser's connection, `now` the time at which the site was
    made. `made` names the facts that were inserted by SQL.
    """

    run: Run
    site: Site
    owner: Connection
    now: datetime
    incidents: int = 0
    made: set[str] = field(default_factory=set)


@contextlib.asynccontextmanager
async def ledger_of(site: Site) -> AsyncIterator[Ledger]:
    """Opens the site's ledger in this process."""
    async with ledgers.open_ledger(site.url, site.data / "secrets", LIFECYCLES_BY_KIND, Settings()) as ledger:
        yield ledger


def team_key(n: int) -> str:
    """Returns the key of the team with that number; team 0 has the most incidents."""
    return f"team-{n}"


async def add_organisation(ledger: Ledger, owner: Connection, *, words: int = WORDS) -> None:
    """Adds teams, persons, a budget for the cost of an incident, and about `words` texts, encrypted under the
    persons' keys, to the table from which `bench.make_cases` takes them.

    `owner` is a superuser's connection in autocommit.
    """
    await owner.execute(SQL.read_text(encoding="utf-8").encode())
    for n in range(TEAMS):
        team = await _add(ledger, teams.LIFECYCLE, teams.AddTeam(key=team_key(n), name=f"Team {n}"))
        await owner.execute("insert into bench.team values (%s, %s)", (n, team.id))
    encrypted: list[str] = []
    for n in range(PERSONS):
        body = persons.AddPerson(name=f"Person {n}", teams=(team_key(n % TEAMS),))
        person = await _add(ledger, persons.LIFECYCLE, body)
        await owner.execute("insert into bench.person values (%s, %s)", (n, person.id))
        author = await ledger.vault.author(person.id)
        assert author is not None
        encrypt = ledger.vault.encrypting(author.key)
        encrypted += [encrypt(_sentence(k)) for k in range(words // PERSONS + 1)]
    begin = datetime.now(UTC) - timedelta(days=DAYS + 1)
    await _add_services(ledger, begin)
    budget = AddKpiBudget(
        kpi="incident_unit_cost", amount="50.00", currency=ledger.settings.currency, valid_from_at=begin
    )
    await _add(ledger, kpi_budgets.LIFECYCLE, budget)
    async with owner.cursor() as cursor, cursor.copy("copy bench.words from stdin") as copy:
        for row in enumerate(encrypted):
            await copy.write_row(row)


async def _add_services(ledger: Ledger, since: datetime) -> None:
    """Adds the services of the incidents, live since then in office hours, whose availability is counted."""
    office = WeeklyHours(weekdays=tuple(Weekday)[:5], starts="08:00", ends="18:00")
    hours = AddCalendar(key=OFFICE, name="Office hours", time_zone="Europe/Berlin", weekly=(office,))
    await _add(ledger, calendars.LIFECYCLE, hours)
    owner = await _add(ledger, persons.LIFECYCLE, persons.AddPerson(name="Owner"))
    for n in range(SERVICES):
        body = ProposeService(
            key=f"service-{n}",
            name_en=f"Service {n}",
            name_zh=f"服务 {n}",
            criticality=Criticality.high,
            owner=str(owner.id),
            calendar=OFFICE,
        )
        service = await _add(ledger, services.LIFECYCLE, body, since)
        context = CommandMetadata(rule_caller("bench"), since, correlation_id=f"bench-{n}", source="cli")
        live = Command(
            services.LIFECYCLE, services.LIFECYCLE["go_live"], str(service.id), EmptyPayload(), context
        )
        await perform(ledger, live)


def _sentence(k: int) -> str:
    """Returns a text with the words of FAULT; each RARELY-th has those of RARE_FAULT, too."""
    usual = f"Since {k} no mail has come in. 收不到邮件。"
    return usual if k % RARELY else f"{usual} The printer has no paper. 打印机没有纸了。"


async def _add(ledger: Ledger, lifecycle: Lifecycle[Any], body: Payload, now: datetime | None = None) -> Any:
    moment = now or datetime.now(UTC)
    context = CommandMetadata(rule_caller("bench"), moment, correlation_id=f"bench-{uuid7()}", source="cli")
    opening = next(row for row in lifecycle.rows if row.opens)
    return (await perform(ledger, Command(lifecycle, opening, None, body, context))).record


async def make_cases(many: LargeSite, up_to: int) -> None:
    """Adds incidents until there are `up_to` of them; the new ones were opened within DAYS before now."""
    first, many.incidents = many.incidents + 1, up_to
    count = up_to - first + 1
    task = many.run.progress.add_task(f"Making {count:,} incidents", total=count)
    for begin in range(first, up_to + 1, CASES_AT_ONCE):
        end = min(begin + CASES_AT_ONCE, up_to + 1)
        opened = [many.now - timedelta(days=DAYS) * (1 - (n - first) / count) for n in (begin, end)]
        await many.owner.execute(
            "select bench.make_cases(%s, %s, %s, %s, %s)", (begin, end - 1, *opened, many.now)
        )
        many.run.progress.update(task, advance=end - begin)
    many.run.progress.remove_task(task)
    await many.owner.execute("vacuum analyze fold.incident, log.stream_head, log.event")
