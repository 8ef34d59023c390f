"""The events that the streams of a case's clocks should have, and those of them that are missing. Pure.

They follow from the case and from when each thing became known, not from when a worker looks. So the events
that a stream has are the first of those that it should have, and the rest is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.common.clocks import KIND, AgreementType, ClockData, ClockEventType, ClockMetric
from app.service_levels.clocks.case_clocks import PARTY, CaseClocks, ClockName, clock_id
from app.sla.announcements import Announcement, Cause, announcements

_STARTED, _WARNED = ClockEventType.started.value, ClockEventType.warned.value
_REACHED, _BREACHED = ClockEventType.reached.value, ClockEventType.breached.value
_WITHDRAWN, _STOPPED = ClockEventType.breach_withdrawn.value, ClockEventType.stopped.value
_RETARGETED = ClockEventType.retargeted.value


class Statement(NamedTuple):
    """The statement of an event of a clock's stream, as far as it is compared: without its reasons."""

    type: str
    occurred_at: datetime
    target: str | None
    percent: int | None

    @classmethod
    def from_event(cls, kind: str, occurred_at: datetime, data: Mapping[str, Any]) -> Statement:
        """Return the statement of an event of that type, from its data about the clock."""
        return cls(kind, occurred_at, data.get("target"), data.get("percent"))


@dataclass(frozen=True, slots=True)
class ClockNews:
    """An event for the stream of a clock. `by_position` is that of the ticket's event which caused it; None:
    time, or a calendar.
    """

    said: Statement
    data: ClockData
    by_position: int | None

    @property
    def staff_only(self) -> bool:
        """Return whether only staff may see the event: of an OLA or UC, or for an escalation rule."""
        return self.data.agreement_type is not AgreementType.sla or self.said.type == _REACHED


def expected_news(clocks: CaseClocks, now: datetime) -> dict[UUID, list[ClockNews]]:
    """Return the events that the streams of the case's clocks should have by now, by the clocks' ids.

    Of an imported case these are only those after the first action on it here.
    """
    timeline = clocks.timeline
    if timeline.lived_since is None:
        return {}
    found: dict[UUID, list[ClockNews]] = {}
    for name in clocks.names():
        for one in _announced(clocks, name, now):
            found.setdefault(clock_id(timeline.case_id, name, one.round), []).append(_news(clocks, name, one))
    if timeline.imported:
        found = {clock: list(_since(timeline.lived_since, news)) for clock, news in found.items()}
    return found


def _announced(clocks: CaseClocks, name: ClockName, now: datetime) -> Sequence[Announcement]:
    targets = (target for one in clocks.applying.in_force(name.agreement_type) for target in one.targets)
    keys = {target.calendar for target in targets if target.metric is name.metric}
    published = {at for key in keys for at in clocks.calendars.published(key, clocks.timeline.opened_at)}
    return announcements(
        clocks.timeline.history,
        name.metric,
        clocks.targeting(name),
        clocks.calendars,
        now,
        percents=clocks.further_percents(name),
        party=None if name.party is None else PARTY[name.agreement_type](name.party),
        publications=sorted(published),
    )


def _news(clocks: CaseClocks, name: ClockName, one: Announcement) -> ClockNews:
    origin = clocks.applying.origin(one.target)
    said = Statement(f"{KIND}.{one.kind.value}", one.occurred_at, one.target.id, one.percent)
    data = ClockData(
        agreement=origin.agreement_id,
        agreement_type=AgreementType(origin.agreement_type.value),
        target=one.target.id,
        metric=ClockMetric(name.metric.value),
        round=one.round,
        party=None if name.party is None else UUID(name.party),
        why=origin.why,
        target_seconds=one.target.threshold_seconds,
        percent=one.percent,
        because=None if one.because is None else one.because.value,
    )
    return ClockNews(said, data, one.by_position)


def _since(acted_on: datetime, news: Iterable[ClockNews]) -> Iterator[ClockNews]:
    """Yield the news from that instant on; a breach that is left out is not withdrawn either."""
    breached = False
    for one in news:
        if one.said.type == _WITHDRAWN and not breached:
            continue
        if one.said.occurred_at >= acted_on:
            breached = breached or one.said.type == _BREACHED
            yield one


def missing_news(ought: Sequence[ClockNews], said: Sequence[Statement], now: datetime) -> list[ClockNews]:
    """Return the events that a stream should have and has not, in order.

    A percentage that an escalation rule asks for may be announced after later events, since the rule may be
    new; but only while the clock is open.
    """
    own = [one for one in ought if one.said.type != _REACHED]
    before = [one for one in said if one.type != _REACHED]
    if [one.said for one in own[: len(before)]] == before:
        news = own[len(before) :]
    else:
        news = list(_corrections(own, before, now))
    is_open = not own or own[-1].said.type != _STOPPED
    reached = {one.percent for one in said if one.type == _REACHED}
    asked = [
        one
        for one in ought
        if one.said.type == _REACHED and one.said.percent not in reached and (is_open or not before)
    ]
    return sorted((*news, *asked), key=lambda one: _expected_index(ought, one))


def _expected_index(ought: Sequence[ClockNews], one: ClockNews) -> int:
    return next((n for n, other in enumerate(ought) if other is one), len(ought))


@dataclass(slots=True)
class _Standing:
    """The standing of a clock by the events in its stream."""

    target: str | None = None
    breached: Statement | None = None
    stop: Statement | None = None
    percents: set[int | None] = field(default_factory=set)

    @classmethod
    def after(cls, said: Iterable[Statement]) -> _Standing:
        found = cls()
        for one in said:
            found.target = one.target
            if one.type == _WARNED:
                found.percents.add(one.percent)
            elif one.type == _BREACHED:
                found.breached = one
            elif one.type == _WITHDRAWN:
                found.breached = None
            elif one.type == _STOPPED:
                found.stop = one
        return found


def _corrections(ought: Sequence[ClockNews], said: Sequence[Statement], now: datetime) -> Iterator[ClockNews]:
    """Yield the events that bring the stream to the standing that it should have. A stream differs from what
    it should be only if clocks of machines differ, or an agreement's calendar was replaced by another.
    """
    if not ought:
        return
    stands, ends = _Standing.after(said), _Standing.after(one.said for one in ought)
    last = ought[-1]
    if stands.breached is not None and stands.breached != ends.breached:
        withdrawn = Statement(_WITHDRAWN, now, last.said.target, None)
        because = last.data.model_copy(update={"percent": None, "because": Cause.late_event.value})
        yield ClockNews(withdrawn, because, last.by_position)
    for one in ought:
        kind = one.said.type
        named = kind in (_STARTED, _RETARGETED) and one.said.target == ends.target
        if (
            (named and stands.target != ends.target)
            or (kind == _WARNED and one.said.percent not in stands.percents)
            or (one.said == ends.breached and stands.breached != ends.breached)
            or (one.said == ends.stop and stands.stop != ends.stop)
        ):
            yield one
