"""An independent script: the clocks of the published ServiceNow log, from the file itself, in plain Python.

It shares no code with the application. Per incident: the response (half an hour) and the resolution (by its
priority), counted in office hours of Berlin, net of the time in which the user or a vendor was awaited.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
OPENS, CLOSES = time(8, 0), time(18, 0)
CLOSED_ON = {date(2016, 3, 25), date(2016, 3, 28), date(2016, 5, 5), date(2016, 5, 16), date(2016, 10, 3)}
RESPONSE = 1_800
RESOLUTION = {"1": 4 * 3600, "2": 8 * 3600}
OTHERS = 40 * 3600
PAUSING = {"Awaiting User Info", "Awaiting Vendor"}
STATES = {
    *PAUSING,
    *("New", "Active", "Awaiting Problem", "Awaiting Evidence", "Resolved", "Closed"),
}
ENDED = {"Resolved", "Closed"}
FIRST_DAY = date(2015, 12, 1)


class Answer(NamedTuple):
    """What a clock says at the end of the log."""

    state: str
    elapsed: int
    due: datetime
    breached: datetime | None
    stopped: datetime


class Row(NamedTuple):
    """A row of the log: when it was written, and how the incident stood then."""

    at: datetime
    state: str
    priority: str


class Case(NamedTuple):
    """An incident: how it began, and the rows by which it stood otherwise than before, by their instants."""

    opened: datetime
    priority: str
    changes: list[Row]


def hours() -> list[tuple[int, int]]:
    """The office hours of twenty years, as seconds since 1970."""
    results = []
    for n in range(366 * 20):
        day = FIRST_DAY + timedelta(days=n)
        if day.weekday() < 5 and day not in CLOSED_ON:
            opens, closes = (datetime.combine(day, moment, BERLIN) for moment in (OPENS, CLOSES))
            results.append((int(opens.timestamp()), int(closes.timestamp())))
    return results


HOURS = hours()
BEFORE = [0]
for begin, end in HOURS:
    BEFORE.append(BEFORE[-1] + end - begin)


def counted(second: int) -> int:
    """So many seconds of office hours lie before the instant."""
    low, high = 0, len(HOURS)
    while low < high:
        middle = (low + high) // 2
        if HOURS[middle][0] <= second:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return 0
    opens, closes = HOURS[low - 1]
    return BEFORE[low - 1] + min(second, closes) - opens


def when(count: int) -> int:
    """The first instant before which so many seconds of office hours lie."""
    low, high = 0, len(HOURS)
    while low < high:
        middle = (low + high) // 2
        if BEFORE[middle + 1] >= count:
            high = middle
        else:
            low = middle + 1
    return HOURS[low][0] + count - BEFORE[low]


def read(path: Path) -> dict[str, Case]:
    """By number. The order of the file is the audit's own, and says what changed; one row of the log is dated
    behind the two after it.
    """
    opened: dict[str, datetime] = {}
    rows: dict[str, list[Row]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            before = rows[row["number"]][-1].state if rows[row["number"]] else "New"
            state = row["incident_state"] if row["incident_state"] in STATES else before
            rows[row["number"]].append(Row(instant(row["sys_updated_at"]), state, row["priority"][0]))
            opened[row["number"]] = instant(row["opened_at"])
    return {number: case(opened[number], result) for number, result in rows.items()}


def case(opened: datetime, rows: list[Row]) -> Case:
    """What changed by its rows."""
    before = [Row(opened, "New", rows[0].priority), *rows]
    changes = [row for last, row in zip(before, rows, strict=False) if row[1:] != last[1:]]
    return Case(opened, rows[0].priority, sorted(changes, key=lambda row: row.at))


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def response(case: Case) -> Answer:
    """The clock of the response: the first row that leads on from New stops it."""
    begin = seconds(case.opened)
    stop = next(max(begin, seconds(row.at)) for row in case.changes if row.state != "New")
    return answer([(begin, stop)], [(begin, RESPONSE)], stop)


def resolution(case: Case) -> Answer:
    """The clock of the resolution: it stands while resolved or paused, and its target is the priority's."""
    begin = seconds(case.opened)
    runs: list[tuple[int, int]] = []
    targets = [(begin, RESOLUTION.get(case.priority, OTHERS))]
    state, since, stop = "New", begin, begin
    for row in case.changes:
        moment = max(begin, seconds(row.at))
        target = RESOLUTION.get(row.priority, OTHERS)
        if target != targets[-1][1]:
            if targets[-1][0] == moment:
                targets.pop()
            targets.append((moment, target))
        if state not in ENDED and state not in PAUSING and moment > since:
            runs.append((since, moment))
        if row.state in ENDED and state not in ENDED:
            stop = moment
        state, since = row.state, moment
    assert state in ENDED
    return answer(runs, targets, stop)


def answer(runs: list[tuple[int, int]], targets: list[tuple[int, int]], stop: int) -> Answer:
    """What the clock says that ran then, had these targets from then on, and stopped then."""

    def elapsed(moment: int) -> int:
        return sum(counted(min(b, moment)) - counted(a) for a, b in runs if a < moment)

    def reached(seconds_left: int) -> int:
        left = seconds_left
        for a, b in runs:
            here = counted(b) - counted(a)
            if left <= here:
                return when(counted(a) + left)
            left -= here
        return when(counted(stop) + left)

    breached: int | None = None
    for n, (since, target) in enumerate(targets):
        until = targets[n + 1][0] if n + 1 < len(targets) else 2**40
        if elapsed(until) <= target:
            breached = None
        elif elapsed(since) <= target:
            breached = reached(target + 1) - 1
        elif breached is None:
            breached = since
    total, target = elapsed(2**40), targets[-1][1]
    return Answer(
        "met" if total <= target else "missed",
        total,
        datetime.fromtimestamp(reached(target), UTC),
        None if breached is None else datetime.fromtimestamp(breached, UTC),
        datetime.fromtimestamp(stop, UTC),
    )


def clocks(path: Path) -> dict[str, dict[str, Answer]]:
    """By number, what the clocks of the incident say."""
    return {
        number: {"response": response(case), "resolution": resolution(case)}
        for number, case in read(path).items()
    }


def attainment(answers: dict[str, dict[str, Answer]], metric: str) -> dict[str, tuple[int, int]]:
    """By month of the breach, or else of the stop: how many were met, and of how many."""
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for answers_of_case in answers.values():
        clock = answers_of_case[metric]
        month = months[(clock.breached or clock.stopped).strftime("%Y-%m")]
        month[0] += clock.breached is None
        month[1] += 1
    return {name: (met, total) for name, (met, total) in sorted(months.items())}
