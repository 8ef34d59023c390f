"""The clock of a tool that we write to, compared with ours (pure).

The tool dates each of our writes by its own clock, between the request and its answer. So each dated answer
bounds how far that clock is ahead. The tool's times are converted to our clock before anything is ordered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from app.kernel.actions.made_fit import Alteration
from app.webhooks.mapping.updates import (
    AlertSignal,
    CommentUpdate,
    DeploymentUpdate,
    ParsedUpdate,
    TicketUpdate,
)

U = TypeVar("U", bound=ParsedUpdate)

#: Tools date what they send in whole seconds or in milliseconds.
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
#: Two clocks drift apart by at most so much: a second in three hours.
DRIFT = 1e-4
#: An estimate stays until a write contradicts it by more than this, so that it rarely moves.
SLACK = timedelta(milliseconds=250)
#: The order of two converted times that are nearer than this is unknown.
UNCERTAINTY = SECOND
#: Clocks that differ by no more are taken for equal by people.
NOTABLE = timedelta(seconds=2)
#: A time so far in the future is accepted from tools that we do not write to.
CLOCK_TOLERANCE = timedelta(seconds=60)
#: The field under which a converted time is marked.
MARKED_FIELD = "occurred_at"


@dataclass(frozen=True, slots=True)
class ClockSample:
    """The tool's time of a write, and our times before the request and after its answer."""

    their_time: datetime
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class ToolClock:
    """How far a tool's clock is ahead of ours (negative: behind), between `least` and `most` as of
    `measured_at`; None: it was never measured.
    """

    ahead: timedelta = timedelta()
    least: timedelta | None = None
    most: timedelta | None = None
    measured_at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Return whether people would notice that the clocks differ."""
        return abs(self.ahead) >= NOTABLE

    def measure(self, sample: ClockSample) -> ToolClock:
        """Return the clock after another write."""
        precision = MILLISECOND if sample.their_time.microsecond else SECOND
        least = sample.their_time - sample.ended_at
        most = sample.their_time + precision - sample.began_at
        if self.least is not None and self.most is not None and self.measured_at is not None:
            drift = abs(sample.ended_at - self.measured_at) * DRIFT
            both = max(least, self.least - drift), min(most, self.most + drift)
            if both[0] <= both[1]:
                least, most = both
        likely = (self.ahead, timedelta(), least + (most - least) / 2)
        ahead = next(each for each in likely if least - SLACK <= each <= most + SLACK)
        return ToolClock(ahead, least, most, sample.ended_at)


def on_our_clock(news: U, ahead: timedelta, received_at: datetime, latest: datetime) -> U:
    """Return the news with its times by our clock, if the tool's is `ahead` by that much. A time after
    `latest` becomes that of the receipt. Changes by more than seconds are marked.
    """
    stated = news.occurred_at - (timedelta() if news.dated_by_receipt else ahead)
    occurred_at = stated if stated <= latest else received_at
    if occurred_at == news.occurred_at and not ahead:
        return news
    changed: dict[str, Any] = {"occurred_at": occurred_at}
    if abs(ahead) >= NOTABLE or stated - occurred_at > CLOCK_TOLERANCE:
        changed["altered"] = news.altered | {MARKED_FIELD: [Alteration.clock_differs.value]}
    names: tuple[str, ...] = ()
    if isinstance(news, TicketUpdate):
        names = ("opened_at", "resolved_at")
    elif isinstance(news, DeploymentUpdate):
        names = ("started_at",)
    elif isinstance(news, AlertSignal):
        names = ("alerted_at", "cleared_at")
    for name in names:
        if (time := getattr(news, name)) is not None:
            changed[name] = min(time - ahead, occurred_at)
    if isinstance(news, TicketUpdate | CommentUpdate):
        changed["tool_time"] = news.occurred_at
    return replace(news, **changed)
