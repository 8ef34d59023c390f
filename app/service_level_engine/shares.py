"""Shares of a case's elapsed time, by the party that had the case (32-sla-engine, 13).

They are cut from the seconds that the SLA's clock counts, so that they add up to its elapsed time, second for
second. The clock of an OLA or UC itself counts otherwise (`clock.read_party_clock`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.common.times.business_time import BusinessTime
from app.service_level_engine.activity import NO_PARTY, party_turns
from app.service_level_engine.case_events import CaseEvent, in_order, seconds_of
from app.service_level_engine.clock import ClockReading


def share_elapsed(
    events: Iterable[CaseEvent],
    reading: ClockReading,
    hours: BusinessTime,
    asked_at: datetime,
    *,
    known_at: datetime | None = None,
) -> dict[str, int]:
    """Return the seconds that the clock counted, by the party that had the case (`team_party`,
    `supplier_party`, NO_PARTY), in the order of their first turns.

    `reading` is the clock's reading at `asked_at` from the same events; `hours` is its calendar.
    """
    ordered = in_order(events, asked_at, known_at)
    if not ordered:
        return {}
    opened = seconds_of(ordered[0].occurred_at)
    times = [max(opened, seconds_of(event.occurred_at)) for event in ordered]
    # A clock may run on when the work has ended, as that of updates: no party has those seconds.
    whose = [(turn.second, turn.party or NO_PARTY) for turn in party_turns(ordered, times)]
    asked_second = seconds_of(asked_at)
    if reading.stopped_at is not None:
        asked_second = min(asked_second, seconds_of(reading.stopped_at))
    ends = [second for second, _ in whose[1:]] + [asked_second]
    seconds_by_party: dict[str, int] = {}
    for (begin, party), end in zip(whose, ends, strict=True):
        counted = sum(
            hours.seconds_between(max(begin, a), min(end, asked_second if b is None else b))
            for a, b in reading.runs
        )
        if counted:
            seconds_by_party[party] = seconds_by_party.get(party, 0) + counted
    return seconds_by_party
