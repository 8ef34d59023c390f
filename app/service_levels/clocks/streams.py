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

from app.common.times.clocks import KIND, AgreementType, ClockData, ClockEventType, ClockMetric
from app.service_level_engine.announcements import Announcement, AnnouncementCause, announcements
from app.service_levels.clocks.case_clocks import PARTY, CaseClocks, ClockName, clock_id

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
class ClockChange:
    """An event for the stream of a clock. `by_position` is that of the ticket's event which caused it; None:
    time, or a calendar.
    """

    statement: Statement
    data: ClockData
    by_position: int | None

    @property
    def staff_only(self) -> bool:
        """Return whether only staff may see the event: of an OLA or UC, or for an escalation rule."""
        return self.data.agreement_type is not AgreementType.sla or self.statement.type == _REACHED


def expected_changes(clocks: CaseClocks, now: datetime) -> dict[UUID, list[ClockChange]]:
    """Return the events that the streams of the case's clocks should have by now, by the clocks' ids.

    For an imported case these are only those after the first action on it here.
    """
    timeline = clocks.timeline
    if timeline.lived_since is None:
        return {}
    changes_by_clock: dict[UUID, list[ClockChange]] = {}
    for name in clocks.names():
        for announcement in _announced(clocks, name, now):
            changes_by_clock.setdefault(clock_id(timeline.case_id, name, announcement.round), []).append(
                _news(clocks, name, announcement)
            )
    if timeline.imported:
        changes_by_clock = {
            clock: list(_since(timeline.lived_since, news)) for clock, news in changes_by_clock.items()
        }
    return changes_by_clock


def _announced(clocks: CaseClocks, name: ClockName, now: datetime) -> Sequence[Announcement]:
    targets = (
        target for agreement in clocks.applying.in_force(name.agreement_type) for target in agreement.targets
    )
    keys = {target.calendar for target in targets if target.metric is name.metric}
    published = {
        instant for key in keys for instant in clocks.calendars.published(key, clocks.timeline.opened_at)
    }
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


def _news(clocks: CaseClocks, name: ClockName, announcement: Announcement) -> ClockChange:
    origin = clocks.applying.origin(announcement.target)
    statement = Statement(
        f"{KIND}.{announcement.kind.value}",
        announcement.occurred_at,
        announcement.target.id,
        announcement.percent,
    )
    data = ClockData(
        agreement=origin.agreement_id,
        agreement_type=AgreementType(origin.agreement_type.value),
        target=announcement.target.id,
        metric=ClockMetric(name.metric.value),
        round=announcement.round,
        party=None if name.party is None else UUID(name.party),
        why=origin.why,
        target_seconds=announcement.target.threshold_seconds,
        percent=announcement.percent,
        because=None if announcement.because is None else announcement.because.value,
    )
    return ClockChange(statement, data, announcement.by_position)


def _since(acted_on: datetime, changes: Iterable[ClockChange]) -> Iterator[ClockChange]:
    """Yield the news from that instant on; a breach that is left out is not withdrawn either."""
    breached = False
    for change in changes:
        if change.statement.type == _WITHDRAWN and not breached:
            continue
        if change.statement.occurred_at >= acted_on:
            breached = breached or change.statement.type == _BREACHED
            yield change


def missing_changes(
    ought: Sequence[ClockChange], statements: Sequence[Statement], now: datetime
) -> list[ClockChange]:
    """Return the events that a stream should have and has not, in order.

    A percentage that an escalation rule asks for may be announced after later events, since the rule may be
    new; but only while the clock is open.
    """
    own = [change for change in ought if change.statement.type != _REACHED]
    before = [statement for statement in statements if statement.type != _REACHED]
    if [change.statement for change in own[: len(before)]] == before:
        news = own[len(before) :]
    else:
        news = list(_corrections(own, before, now))
    is_open = not own or own[-1].statement.type != _STOPPED
    reached = {statement.percent for statement in statements if statement.type == _REACHED}
    reached_changes = [
        change
        for change in ought
        if change.statement.type == _REACHED
        and change.statement.percent not in reached
        and (is_open or not before)
    ]
    return sorted((*news, *reached_changes), key=lambda change: _expected_index(ought, change))


def _expected_index(ought: Sequence[ClockChange], clock_news: ClockChange) -> int:
    return next((n for n, other in enumerate(ought) if other is clock_news), len(ought))


@dataclass(slots=True)
class _Standing:
    """The standing of a clock by the events in its stream."""

    target: str | None = None
    breached: Statement | None = None
    stop: Statement | None = None
    percents: set[int | None] = field(default_factory=set)

    @classmethod
    def after(cls, statements: Iterable[Statement]) -> _Standing:
        standing = cls()
        for statement in statements:
            standing.target = statement.target
            if statement.type == _WARNED:
                standing.percents.add(statement.percent)
            elif statement.type == _BREACHED:
                standing.breached = statement
            elif statement.type == _WITHDRAWN:
                standing.breached = None
            elif statement.type == _STOPPED:
                standing.stop = statement
        return standing


def _corrections(
    ought: Sequence[ClockChange], statements: Sequence[Statement], now: datetime
) -> Iterator[ClockChange]:
    """Yield the events that bring the stream to the standing that it should have. A stream differs from what
    it should be only if clocks of machines differ, or an agreement's calendar was replaced by another.
    """
    if not ought:
        return
    stands, ends = _Standing.after(statements), _Standing.after(change.statement for change in ought)
    last = ought[-1]
    if stands.breached is not None and stands.breached != ends.breached:
        withdrawn = Statement(_WITHDRAWN, now, last.statement.target, None)
        because = last.data.model_copy(
            update={"percent": None, "because": AnnouncementCause.late_event.value}
        )
        yield ClockChange(withdrawn, because, last.by_position)
    for change in ought:
        kind = change.statement.type
        named = kind in (_STARTED, _RETARGETED) and change.statement.target == ends.target
        if (
            (named and stands.target != ends.target)
            or (kind == _WARNED and change.statement.percent not in stands.percents)
            or (change.statement == ends.breached and stands.breached != ends.breached)
            or (change.statement == ends.stop and stands.stop != ends.stop)
        ):
            yield change
