"""The KPIs of what requesters think, from the words of the catalogue (10 to 13) and decisions 0022, 0103."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.counted import Counted, Definition, Open, Within
from tests.kpis.brute_force.reading import Step, World, instant_of, seconds_between, whole_seconds
from tests.kpis.brute_force.tickets import Ticket, tickets

#: A rating may be changed, and who was asked is counted as having answered, for so long.
RATING_TIME = timedelta(days=30)
SATISFIED = 4
#: By when into a period of the year before the records must begin.
GAP = timedelta(days=3)


@dataclass(frozen=True)
class Rating:
    """What a case was rated: the step of the first rating, the score, and whether it is one by staff."""

    first: int
    score: int
    by_staff: bool


def _rating(of: Ticket) -> Rating | None:
    """The last rating within 30 days of the first. The same score, given again, is not told again."""
    told = [(n, row) for n, step in enumerate(of.steps) for row in _rating_rows(step)]
    first = next((n for n, row in told if row.get("score") is not None), None)
    if first is None:
        return None
    row: dict[str, Any] = {}
    for n, said in told:
        if of.steps[n].at <= of.steps[first].at + RATING_TIME:
            row |= said
    return Rating(first, row["score"], bool(row.get("by_staff")))


def _rating_rows(step: Step) -> list[dict[str, Any]]:
    if step.what != "rated":
        return []
    return [row for name, row in step.rows.items() if name.startswith("rating/")]


def _rated(world: World, satisfied: bool) -> list[Counted]:
    found = []
    for of in tickets(world):
        rating = _rating(of)
        if rating is None:
            continue
        n, number = rating.first, int(rating.score >= SATISFIED) if satisfied else rating.score
        excluded = of.excluded or ("staff" if rating.by_staff else None)
        found.append(Counted(of.id, of.steps[n].at, number, of.cut(n), excluded))
    return found


def _asked(world: World) -> Iterator[tuple[Ticket, int]]:
    for of in tickets(world):
        asked = [n for n, step in enumerate(of.steps) if step.what == "rating_asked"]
        if asked:
            yield of, asked[0]


def _responded(world: World) -> list[Counted]:
    found = []
    for of, n in _asked(world):
        at, rating = of.steps[n].at, _rating(of)
        rated = rating is not None and of.steps[rating.first].at <= at + RATING_TIME
        found.append(Counted(of.id, at, int(rated), of.cut(n), of.excluded))
    return found


def _sampled(world: World) -> list[Counted]:
    return [Counted(of.id, of.steps[n].at, 1, of.cut(n), of.excluded) for of, n in _asked(world)]


def _delivered(world: World, within: Within) -> int:
    """The incidents resolved and requests delivered for good in a period and cut; by subject all of them."""
    return sum(
        within.begin <= at < within.end
        and (within.by in {None, "subject"} or cut.get(within.by or "") == within.cut)
        for at, cut in world.once(_done)
    )


def _done(world: World) -> list[tuple[datetime, dict[str, Any]]]:
    finals = [(of, of.final) for of in tickets(world) if of.excluded is None]
    return [(of.steps[n].at, of.cut(n)) for of, n in finals if n is not None]


@dataclass(frozen=True)
class Complaint:
    """A complaint: its ticket, the steps by which it was made, answered and merged, and its row."""

    ticket: Ticket
    made: int
    answered: int | None
    merged: int | None
    row: dict[str, Any]

    @property
    def at(self) -> datetime:
        """When it was made."""
        return self.ticket.steps[self.made].at

    @property
    def cut(self) -> dict[str, Any]:
        """What was known of its ticket when it was made, and its subject."""
        return self.cut_at(self.made)

    def cut_at(self, n: int) -> dict[str, Any]:
        """What was known of its ticket at a step, and its subject."""
        return self.ticket.cut(n) | {"subject": self.row.get("subject")}

    @property
    def excluded(self) -> str | None:
        """Why it does not count: it is another one's."""
        return None if self.merged is None else "duplicate"

    @property
    def answered_at(self) -> datetime | None:
        """When it was answered."""
        return None if self.answered is None else self.ticket.steps[self.answered].at


def _complaints(world: World) -> list[Complaint]:
    return world.once(_read)


def _read(world: World) -> list[Complaint]:
    found = []
    for of in tickets(world):
        rows: dict[str, dict[str, Any]] = {}
        made: dict[str, int] = {}
        answered: dict[str, int] = {}
        merged: dict[str, int] = {}
        for n, step in enumerate(of.steps):
            for name, row in step.rows.items():
                if not name.startswith("complaint/"):
                    continue
                rows[name] = rows.get(name, {}) | row
                steps = {"complained": made, "complaint_answered": answered, "complaint_merged": merged}
                steps[step.what].setdefault(name, n)
        for name, n in made.items():
            found.append(Complaint(of, n, answered.get(name), merged.get(name), rows[name]))
    return found


def _complained(world: World) -> list[Counted]:
    return [Counted(one.ticket.id, one.at, 1, one.cut, one.excluded) for one in _complaints(world)]


def _answered(world: World, in_time: bool) -> list[Counted]:
    found = []
    for one in _complaints(world):
        if one.answered is None or one.answered_at is None:
            continue
        due = instant_of(one.row.get("due_at"))
        number = max(0, seconds_between(one.at, one.answered_at))
        if in_time:
            number = int(due is not None and one.answered_at <= due)
        found.append(Counted(one.ticket.id, one.answered_at, number, one.cut_at(one.answered), one.excluded))
    return found


def _waiting(world: World, instant: datetime) -> list[Open]:
    return [
        Open(one.ticket.id, one.at, one.cut)
        for one in _complaints(world)
        if one.at < instant
        and (one.answered_at is None or one.answered_at >= instant)
        and one.excluded is None
    ]


def _survival(world: World) -> list[Counted]:
    found = []
    for one in _complaints(world):
        ended = one.answered_at
        seconds = (
            whole_seconds(one.at, world.now) if ended is None else max(0, seconds_between(one.at, ended))
        )
        weight = int(ended is not None)
        found.append(Counted(one.ticket.id, one.at, seconds, one.cut, one.excluded, weight=weight))
    return found


def _year_before(world: World, within: Within) -> int | None:
    """The complaints of the same period of the year before; None: records begin later."""
    begin, end = (_a_year_earlier(at, within.zone) for at in (within.begin, min(within.end, world.now)))
    first = min(of.record.opened_at for of in tickets(world))
    if first > begin + GAP:
        return None
    counted = [one for one in _complaints(world) if one.excluded is None and begin <= one.at < end]
    return sum(within.by is None or bool(one.cut.get(within.by) == within.cut) for one in counted)


def _a_year_earlier(at: datetime, zone: str) -> datetime:
    """The same date and time of the year before, by the clocks of the zone."""
    local = at.astimezone(ZoneInfo(zone))
    day = date(local.year - 1, local.month, local.day)
    return datetime.combine(
        day, time(local.hour, local.minute, local.second, local.microsecond), local.tzinfo
    )


DEFINITIONS = {
    "csat": Definition(lambda world: _rated(world, satisfied=False)),
    "csat_satisfied_share": Definition(lambda world: _rated(world, satisfied=True)),
    "csat_response_rate": Definition(_responded),
    "csat_sampling_rate": Definition(_sampled, beneath=_delivered),
    "complaints_yoy": Definition(_complained, beneath=_year_before),
    "complaints_per_thousand": Definition(_complained, beneath=_delivered),
    "complaint_answer_seconds": Definition(lambda world: _answered(world, in_time=False), _waiting),
    "complaint_answered_in_time": Definition(lambda world: _answered(world, in_time=True)),
    "complaint_answer_km": Definition(_survival),
}
