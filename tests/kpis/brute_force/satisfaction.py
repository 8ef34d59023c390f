"""The KPIs of what requesters think, from the words of the catalogue (10 to 13) and decisions 0040, 0044."""

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


def _rating(ticket: Ticket) -> Rating | None:
    """The last rating within 30 days of the first. The same score, given again, is not told again."""
    rating_rows = [(n, row) for n, step in enumerate(ticket.steps) for row in _rating_rows(step)]
    first = next((n for n, row in rating_rows if row.get("score") is not None), None)
    if first is None:
        return None
    row: dict[str, Any] = {}
    for n, rating_row in rating_rows:
        if ticket.steps[n].at <= ticket.steps[first].at + RATING_TIME:
            row |= rating_row
    return Rating(first, row["score"], bool(row.get("by_staff")))


def _rating_rows(step: Step) -> list[dict[str, Any]]:
    if step.what != "rated":
        return []
    return [row for name, row in step.rows.items() if name.startswith("rating/")]


def _rated(world: World, satisfied: bool) -> list[Counted]:
    counted_cases = []
    for ticket in tickets(world):
        rating = _rating(ticket)
        if rating is None:
            continue
        n, number = rating.first, int(rating.score >= SATISFIED) if satisfied else rating.score
        excluded = ticket.excluded or ("staff" if rating.by_staff else None)
        counted_cases.append(Counted(ticket.id, ticket.steps[n].at, number, ticket.cut(n), excluded))
    return counted_cases


def _asked(world: World) -> Iterator[tuple[Ticket, int]]:
    for ticket in tickets(world):
        ask_places = [n for n, step in enumerate(ticket.steps) if step.what == "rating_asked"]
        if ask_places:
            yield ticket, ask_places[0]


def _responded(world: World) -> list[Counted]:
    counted_cases = []
    for ticket, n in _asked(world):
        occurred_at, rating = ticket.steps[n].at, _rating(ticket)
        rated = rating is not None and ticket.steps[rating.first].at <= occurred_at + RATING_TIME
        counted_cases.append(Counted(ticket.id, occurred_at, int(rated), ticket.cut(n), ticket.excluded))
    return counted_cases


def _sampled(world: World) -> list[Counted]:
    return [
        Counted(ticket.id, ticket.steps[n].at, 1, ticket.cut(n), ticket.excluded)
        for ticket, n in _asked(world)
    ]


def _delivered(world: World, within: Within) -> int:
    """The incidents resolved and requests delivered for good in a period and cut; by subject all of them."""
    return sum(
        within.begin <= occurred_at < within.end
        and (within.by in {None, "subject"} or cut.get(within.by or "") == within.cut)
        for occurred_at, cut in world.once(_done)
    )


def _done(world: World) -> list[tuple[datetime, dict[str, Any]]]:
    finals = [(ticket, ticket.final) for ticket in tickets(world) if ticket.excluded is None]
    return [(ticket.steps[n].at, ticket.cut(n)) for ticket, n in finals if n is not None]


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
    complaints = []
    for ticket in tickets(world):
        rows: dict[str, dict[str, Any]] = {}
        dimension_sizes: dict[str, int] = {}
        answered: dict[str, int] = {}
        merged: dict[str, int] = {}
        for n, step in enumerate(ticket.steps):
            for name, row in step.rows.items():
                if not name.startswith("complaint/"):
                    continue
                rows[name] = rows.get(name, {}) | row
                steps = {
                    "complained": dimension_sizes,
                    "complaint_answered": answered,
                    "complaint_merged": merged,
                }
                steps[step.what].setdefault(name, n)
        for name, n in dimension_sizes.items():
            complaints.append(Complaint(ticket, n, answered.get(name), merged.get(name), rows[name]))
    return complaints


def _complained(world: World) -> list[Counted]:
    return [
        Counted(complaint.ticket.id, complaint.at, 1, complaint.cut, complaint.excluded)
        for complaint in _complaints(world)
    ]


def _answered(world: World, in_time: bool) -> list[Counted]:
    counted_cases = []
    for complaint in _complaints(world):
        if complaint.answered is None or complaint.answered_at is None:
            continue
        due = instant_of(complaint.row.get("due_at"))
        number = max(0, seconds_between(complaint.at, complaint.answered_at))
        if in_time:
            number = int(due is not None and complaint.answered_at <= due)
        counted_cases.append(
            Counted(
                complaint.ticket.id,
                complaint.answered_at,
                number,
                complaint.cut_at(complaint.answered),
                complaint.excluded,
            )
        )
    return counted_cases


def _waiting(world: World, instant: datetime) -> list[Open]:
    return [
        Open(complaint.ticket.id, complaint.at, complaint.cut)
        for complaint in _complaints(world)
        if complaint.at < instant
        and (complaint.answered_at is None or complaint.answered_at >= instant)
        and complaint.excluded is None
    ]


def _survival(world: World) -> list[Counted]:
    counted_cases = []
    for complaint in _complaints(world):
        ended = complaint.answered_at
        seconds = (
            whole_seconds(complaint.at, world.now)
            if ended is None
            else max(0, seconds_between(complaint.at, ended))
        )
        weight = int(ended is not None)
        counted_cases.append(
            Counted(
                complaint.ticket.id, complaint.at, seconds, complaint.cut, complaint.excluded, weight=weight
            )
        )
    return counted_cases


def _year_before(world: World, within: Within) -> int | None:
    """The complaints of the same period of the year before; None: records begin later."""
    begin, end = (
        _a_year_earlier(occurred_at, within.zone)
        for occurred_at in (within.begin, min(within.end, world.now))
    )
    first = min(ticket.record.opened_at for ticket in tickets(world))
    if first > begin + GAP:
        return None
    counted = [
        complaint
        for complaint in _complaints(world)
        if complaint.excluded is None and begin <= complaint.at < end
    ]
    return sum(within.by is None or bool(row.cut.get(within.by) == within.cut) for row in counted)


def _a_year_earlier(instant: datetime, zone: str) -> datetime:
    """The same date and time of the year before, by the clocks of the zone."""
    local = instant.astimezone(ZoneInfo(zone))
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
