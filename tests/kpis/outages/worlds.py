"""Made-up worlds of services, agreements, incidents and changes, and the same told to a log."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from app.log.canonical import instant
from app.log.events import Event
from app.platform.db import Connection
from tests.kpis.business_hours import Hours
from tests.kpis.histories import BEGIN, TEAMS, Scripted, write
from tests.kpis.lives import Life
from tests.kpis.other_histories import write_others
from tests.kpis.outages.oracle import FOREVER, Agreed, Edition, Served, Told, Trouble, Window, World

CUSTOMER = str(TEAMS[0])
EFFECTS = ("down", "degraded", "none")
#: How long a made-up world lasts, in steps of ten minutes: 45 days.
STEPS_OF_A_DAY, DAYS = 144, 45
LENGTH = STEPS_OF_A_DAY * DAYS
STEP = timedelta(minutes=10)


def made_up(seed: int) -> World:
    """A world of two services, with all that may happen to them."""
    chance = random.Random(seed)
    return World(
        services=[
            Served(
                "mail", 0, FOREVER, [(0, "office"), (chance.randrange(LENGTH), chance.choice(["late", None]))]
            ),
            Served("erp", chance.randrange(LENGTH // 4), chance.choice([FOREVER, LENGTH - 500]), [(0, None)]),
        ],
        agreements=[_agreement(chance, n) for n in range(chance.randint(0, 4))],
        calendars={
            "office": [_edition(chance, 0, 8, 17), _edition(chance, 0, 9, 15)],
            "late": [_edition(chance, 900, 12, 24)],
        },
        troubles=[_trouble(chance, n) for n in range(14)],
        windows=[_window(chance) for _ in range(6)],
        now=chance.randint(LENGTH // 2, LENGTH - 1),
    )


def _edition(chance: random.Random, since: int, opens: int, closes: int) -> Edition:
    published = chance.randrange(LENGTH) if opens == 9 else 0
    days = range(since // STEPS_OF_A_DAY, DAYS)
    spans = frozenset(
        day * STEPS_OF_A_DAY + step
        for day in days
        if day % 7 < 5
        for step in range(opens * 6, closes * 6)
        if day * STEPS_OF_A_DAY + step >= since
    )
    return Edition(published, spans, since, LENGTH)


def _agreement(chance: random.Random, n: int) -> Agreed:
    begins = chance.randrange(-500, LENGTH // 2)
    customer = chance.choice([None, None, CUSTOMER])
    services = chance.choice([{"mail"}, {"mail", "erp"}, {"erp"}])
    promises = [(None, chance.choice(["office", "late"]), "0.99"), ("erp", "office", "0.9995")]
    return Agreed(
        f"SLA-2026-00{n}",
        begins,
        chance.choice([FOREVER, begins + chance.randrange(1, LENGTH)]),
        frozenset(services if customer or chance.random() < 0.7 else ()),
        customer,
        promises[: chance.randint(0, 2)],
        Fraction(chance.choice(["0", "0.5", "1"])),
        chance.random() < 0.6,
    )


def _trouble(chance: random.Random, n: int) -> Trouble:
    opened = step = chance.randrange(LENGTH)
    began = chance.choice([None, opened, opened - chance.randrange(60)])
    effects = [(opened, chance.choice(EFFECTS))]
    tellings = [Told(opened, "reported", {"effect": effects[0][1], "began_at": began})]
    turns = list[tuple[int, int]]()
    while True:
        begins = step
        for _ in range(chance.randint(0, 2)):
            step += chance.randrange(1, 80)
            effects.append((step, chance.choice(EFFECTS)))
            tellings.append(Told(step, "prioritised", {"effect": effects[-1][1]}))
        if chance.random() < 0.15:
            turns.append((begins, FOREVER))
            break
        restored = chance.choice([None, step + chance.randrange(40)])
        step += chance.randrange(40, 90)
        tellings.append(Told(step, "resolved", {} if restored is None else {"service_restored_at": restored}))
        turns.append((begins, step if restored is None else restored))
        if chance.random() < 0.5:
            break
        step += chance.randrange(1, 100)
        tellings.append(Told(step, "reopened", {"service_restored_at": None}))
    void = chance.random() < 0.15
    if void:
        tellings.append(Told(step + 1, chance.choice(["cancelled", "marked_duplicate"]), {}))
    return Trouble(f"t{n}", chance.choice(["mail", "erp"]), opened, began, effects, turns, void, tellings)


def _window(chance: random.Random) -> Window:
    begins = chance.randrange(LENGTH)
    approved = chance.choice([None, begins, begins - 100, begins + 1])
    services = chance.choice([("mail",), ("erp",), ("mail", "erp")])
    return Window(services, begins, begins + chance.randrange(1, 200), approved, chance.random() < 0.2)


class Telling:
    """A world as the log tells of it; its steps begin at `begin` and are `step` long."""

    def __init__(self, connection: Connection, world: World, begin: datetime, step: timedelta) -> None:
        self.connection, self.world, self.begin, self.step = connection, world, begin, step
        #: The ids of incidents and agreements, by their names.
        self.incidents = dict[str, str]()
        self.agreements = dict[str, str]()

    def at(self, step: int) -> datetime:
        """When the step begins."""
        return self.begin + step * self.step

    async def write(self) -> None:
        """Tell all of it."""
        await self._tell_of_what_is_agreed()
        events = [event for trouble in self.world.troubles for event in self._incident(trouble)]
        await write(self.connection, sorted(events, key=lambda event: event.version))
        lives = [event for window in self.world.windows for event in self._change(window)]
        if lives:
            await write_others(self.connection, lives)

    async def _tell_of_what_is_agreed(self) -> None:
        hours = Hours(self.connection)
        for key, editions in self.world.calendars.items():
            for edition in editions:
                spans = [(self.at(begin), self.at(end)) for begin, end in stretches_of(edition.open)]
                period = (self.at(edition.since), self.at(edition.until))
                await hours.spans(key, spans, *period, published_at=self.at(edition.published))
        for service in self.world.services:
            for n, (since, calendar) in enumerate(service.calendars):
                await hours.service(service.key, calendar, self.at(service.live if n == 0 else since))
            if service.retired != FOREVER:
                await hours.retire(service.key, self.at(service.retired))
        for n, agreement in enumerate(self.world.agreements):
            targets = [_target(*promise) for promise in agreement.promises]
            ends = None if agreement.ends == FOREVER else self.at(agreement.ends)
            fields: dict[str, Any] = {
                "services": sorted(agreement.services) or None,
                "customer_id": agreement.customer,
                "targets": targets,
                "degraded_weight": str(float(agreement.weight)),
                "maintenance_counts": not agreement.spares,
                "signed_at": instant(self.at(n)),
            }
            self.agreements[agreement.name] = await hours.sla(
                agreement.name, self.at(agreement.begins), ends, **fields
            )

    def _incident(self, trouble: Trouble) -> list[Event]:
        case: Scripted | None = None
        for telling in trouble.told:
            fields: dict[str, Any] = dict(telling.fields)
            for name in ("began_at", "service_restored_at"):
                if fields.get(name) is not None:
                    fields[name] = instant(self.at(fields[name]))
            if case is None:
                case = Scripted.begin(self.at(telling.step), service=trouble.service, **fields)
            else:
                apart = self.at(telling.step) - case.events[-1].occurred_at
                case = case.then(telling.kind, minutes=apart / timedelta(minutes=1), **fields)
        assert case is not None
        self.incidents[trouble.name] = str(case.id)
        return list(case.events)

    def _change(self, window: Window) -> list[Event]:
        first, *_ = window.services
        life = Life("change", service=first, services=list(window.services))
        times = {"window_from_at": self.at(window.begins), "window_until_at": self.at(window.ends)}
        time_fields = {name: instant(time) for name, time in times.items()}
        if window.approved is None:
            return life.then(1, "submitted", "submitted", **time_fields).events
        life.then(self._seconds(window.approved), "approved", "approved")
        life.then(self._seconds(window.approved), "scheduled", "scheduled", **time_fields)
        if window.cancelled:
            life.then(self._seconds(window.approved) + 1, "cancelled", "cancelled")
        return life.events

    def _seconds(self, step: int) -> float:
        return (self.at(step) - BEGIN).total_seconds()


def _target(service: str | None, calendar: str, threshold: str) -> dict[str, Any]:
    conditions = {"process": None, "priority": None, "category": None, "catalogue_item": None}
    return {
        "metric": "availability",
        "service": service,
        "calendar": calendar,
        "threshold": threshold,
        **conditions,
    }


def stretches_of(steps: frozenset[int]) -> list[tuple[int, int]]:
    """The steps as stretches without gaps."""
    begins = sorted(step for step in steps if step - 1 not in steps)
    ends = sorted(step + 1 for step in steps if step + 1 not in steps)
    return list(zip(begins, ends, strict=True))
