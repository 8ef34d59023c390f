"""Noting the signals of the watched KPIs, once a day: what is new is noted, what late events undid withdrawn.

Among several workers, the holder of an advisory lock does it; each signal has an idempotency key and is
unique in the database, so that two workers still note it only once. Signals are not noted while the facts lag
behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import structlog

from app.common.people import rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE, Clock
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import count, facts_position, snapshot_connection
from app.kpis.answers.limits import natural_limits
from app.kpis.answers.recorded import Recording, first_record_of, first_records
from app.kpis.answers.series import PointContext, point
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Direction, Kpi
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.questions.periods import Grain, cut_periods, first_day, months_later, start_of
from app.kpis.questions.question import KpiQuestion
from app.kpis.questions.scopes import ORGANISATION, KpiScope, ScopeKind
from app.kpis.signals.detection import WINDOW, FinalValue, FoundSignal, find_signals
from app.kpis.signals.lifecycle import (
    LIFECYCLE,
    NoteAgainKpiSignal,
    NoteKpiSignal,
    WithdrawKpiSignal,
)
from app.log.writer import ConstraintViolation, DuplicateCommand
from app.platform.db import Connection
from app.platform.shared_connections import SharedConnections

#: The actor's name in the log.
NAME = "note_signals"
POLL_SECONDS = 60.0
#: Signals are noted of so many months that are over: those that home shows.
NOTED_MONTHS = 13
#: The most figures of a KPI, in all its months and scopes.
MOST_FIGURES = 1_000_000
#: The facts lag behind when an event that they do not have is older.
LONGEST_LAG_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "kpi.signals"
LIVE_SERVICES = "select key from fold.service where state = 'live' order by key"
ACTIVE_TEAMS = "select id from fold.team where state = 'active' order by id"
KNOWN_SIGNALS = """
select id, version, state, service, team_id, rule, begins_at from fold.kpi_signal
where kpi = %(kpi)s and grain = %(grain)s and begins_at >= %(earliest)s"""
REBASES = """
select service, team_id, begins_at from fold.kpi_rebase where kpi = %(kpi)s and state = 'active'
order by begins_at"""
#: The constraint by which a signal is noted once.
UNIQUE_SIGNAL = "kpi_signal_once_key"
logger = structlog.get_logger()

#: Identity of a signal next to its KPI: scope, rule and the beginning of its month.
Identity = tuple[KpiScope, str, datetime]


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    clock: Clock,
    kpis: Sequence[Kpi],
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Note the signals of these KPIs once a day for ever; safe next to other workers. `failed` is called for
    each failure.
    """
    done: date | None = None

    async def work(connection: Connection) -> bool:
        nonlocal done
        now = clock()
        today = due(now, ledger.settings.signals_time, ZoneInfo(ledger.settings.time_zone))
        if today is not None and today != done and await note_signals(connection, ledger, kpis, now):
            done = today
        return False

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


def due(now: datetime, time_of_day: time | None, zone: ZoneInfo) -> date | None:
    """Return the day for which signals are to be looked for; None before that time of day, or if it is
    off.
    """
    local = now.astimezone(zone)
    return None if time_of_day is None or local.time() < time_of_day else local.date()


async def note_signals(connection: Connection, ledger: Ledger, kpis: Sequence[Kpi], now: datetime) -> bool:
    """Note and withdraw the signals of these KPIs, if no other worker does and the facts are up to date.
    Return whether it was done. Raises DatabaseGone; nothing is lost then.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return False
        _, lag_seconds = await facts_position(connection)
        if lag_seconds > LONGEST_LAG_SECONDS:
            return False
        scopes = await _scopes(ledger)
        for kpi in kpis:
            async for command in _commands(ledger, kpi, scopes, now):
                await _perform(ledger, command, now)
        return True


@dataclass(frozen=True, slots=True)
class _Step:
    """An action on a signal; `record_id` None: it is noted. `reference` is what nothing else is known by."""

    action: str
    record_id: UUID | None
    body: Payload
    reference: str


async def _scopes(ledger: Ledger) -> list[KpiScope]:
    """Return the scopes that signals are noted of: the organisation, each live service, each active team."""
    services = [KpiScope(service=row["key"]) for row in await ledger.db.rows(LIVE_SERVICES)]
    teams = [KpiScope(team_id=row["id"]) for row in await ledger.db.rows(ACTIVE_TEAMS)]
    return [ORGANISATION, *services, *teams]


async def _commands(
    ledger: Ledger, kpi: Kpi, scopes: Sequence[KpiScope], now: datetime
) -> AsyncIterator[_Step]:
    """Yield the news about the KPI: unnoted signals, and noted signals that are no longer any."""
    zone = ZoneInfo(ledger.settings.time_zone)
    begins = month_bounds(now, zone)
    earliest = begins[-1 - NOTED_MONTHS]
    position, series = await final_values(ledger, kpi, begins, now)
    parameters = {"kpi": kpi.key, "grain": Grain.month.value, "earliest": earliest}
    known_signals = {
        (KpiScope(row["service"], row["team_id"]), row["rule"], row["begins_at"]): row
        for row in await ledger.db.rows(KNOWN_SIGNALS, parameters)
    }
    rebases = await ledger.db.rows(REBASES, parameters)
    detected_signals: dict[Identity, _DetectedSignal] = {}
    for scope in scopes:
        values = series.get(scope, [])
        rebased = [row["begins_at"] for row in rebases if KpiScope(row["service"], row["team_id"]) == scope]
        rebased += [change.breaks_at for change in kpi.changes if change.breaks_at is not None]
        for signal in find_signals(values, rebased, earliest):
            detected = _DetectedSignal(
                signal,
                [period_value.value for period_value in values],
                newest=signal.begin == values[-1].begin,
            )
            detected_signals[scope, signal.rule.value, signal.begin] = detected
    for (scope, rule, begin), detected in detected_signals.items():
        period_value = known_signals.get((scope, rule, begin))
        if period_value is None or period_value["state"] == SignalState.withdrawn:
            yield _noting(kpi, scope, detected, position, zone, period_value)
    watched = set(scopes)
    for identity, period_value in known_signals.items():
        if (
            identity not in detected_signals
            and identity[0] in watched
            and period_value["state"] != SignalState.withdrawn
        ):
            withdrawal = WithdrawKpiSignal(position=position)
            yield _Step(
                "withdraw", period_value["id"], withdrawal, f"{period_value['id']}:{period_value['version']}"
            )


@dataclass(frozen=True, slots=True)
class _DetectedSignal:
    """A signal that was found, all values of its series, and whether its period is the newest of them."""

    signal: FoundSignal
    values: list[float]
    newest: bool


def _noting(
    kpi: Kpi,
    scope: KpiScope,
    detected: _DetectedSignal,
    position: int,
    zone: ZoneInfo,
    known_signal: Mapping[str, Any] | None,
) -> _Step:
    """Return the step that notes the signal, or that notes it again."""
    signal = detected.signal
    signal_tendency = tendency(kpi, above=signal.above)
    limits = natural_limits(kpi, detected.values, signal.centre, signal.moving_range)
    again = NoteAgainKpiSignal(
        since_at=signal.since,
        tendency=signal_tendency,
        needs_attention=signal_tendency is Tendency.worse
        and detected.newest
        and scope.kind is not ScopeKind.team,
        value=_text(signal.value),
        centre=_text(limits.centre),
        low=_text(limits.low),
        high=_text(limits.high),
        position=position,
    )
    if known_signal is not None:
        return _Step(
            "note_again", known_signal["id"], again, f"{known_signal['id']}:{known_signal['version']}"
        )
    noting = NoteKpiSignal(
        **again.model_dump(exclude={"occurred_at"}),
        kpi=kpi.key,
        service=scope.service,
        team=None if scope.team_id is None else str(scope.team_id),
        rule=signal.rule,
        grain=Grain.month,
        zone=zone.key,
        begins_at=signal.begin,
        ends_at=signal.end,
    )
    return _Step("note", None, noting, f"{kpi.key}:{scope.name}:{signal.rule}:{signal.begin.isoformat()}")


def tendency(kpi: Kpi, *, above: bool) -> Tendency:
    """Return whether a value above, or below, its usual ones is better or worse."""
    if kpi.direction is Direction.none:
        return Tendency.neither
    return Tendency.better if above is (kpi.direction is Direction.up) else Tendency.worse


def month_bounds(now: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the bounds of the months to read: those whose signals are noted, and before them those by which
    the first of them is judged.
    """
    this = first_day(Grain.month, now.astimezone(zone).date())
    first = months_later(this, -(NOTED_MONTHS + WINDOW))
    return cut_periods(Grain.month, start_of(first, zone), start_of(this, zone), zone)


async def final_values(
    ledger: Ledger, kpi: Kpi, bounds: tuple[datetime, ...], now: datetime
) -> tuple[int, dict[KpiScope, list[FinalValue]]]:
    """Return the values of the KPI by scope, of the months that are over and final and have enough cases; and
    the log position at which they stand.
    """
    settings = ledger.settings
    full_question = KpiQuestion(
        kpi=kpi,
        grain=Grain.month,
        zone=ZoneInfo(settings.time_zone),
        bounds=bounds,
        filters={},
        now=now,
        reopen_days=settings.reopen_days,
        currency=settings.currency,
    )
    series: dict[KpiScope, list[FinalValue]] = {}
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        records = await first_records(connection, kpi.processes)
        full_question = replace(full_question, first_record=first_record_of(kpi, records))
        for dimension in (None, Dimension.service, Dimension.team):
            if dimension is not None and dimension not in kpi.dimensions:
                continue
            question = full_question if dimension is None else replace(full_question, by=(dimension,))
            figures = await count(connection, question, now, most=MOST_FIGURES)
            for period, cut in sorted(figures, key=lambda place: place[0]):
                scope = _scope_of(dimension, cut)
                final_value = _final_value(question, (period, cut), figures[period, cut])
                if scope is not None and final_value is not None:
                    series.setdefault(scope, []).append(final_value)
    return position, series


def _scope_of(dimension: Dimension | None, cut: tuple[Any, ...]) -> KpiScope | None:
    if dimension is None:
        return ORGANISATION
    (value,) = cut
    if value is None:
        return None
    return KpiScope(service=value) if dimension is Dimension.service else KpiScope(team_id=value)


def _final_value(
    question: KpiQuestion, place: tuple[int, tuple[Any, ...]], figures: Figures
) -> FinalValue | None:
    """Return the value of a month; None if it has no value, too few cases, or can still move."""
    final_point = point(question, place, figures, {}, PointContext(None, Figures(), question.now))
    final = final_point.final_after is not None and final_point.final_after <= question.now
    is_whole = final_point.recording is Recording.whole
    if final_point.value is None or final_point.small or not final or not is_whole:
        return None
    return FinalValue(final_point.begin, final_point.end, float(final_point.value))


async def _perform(ledger: Ledger, step: _Step, now: datetime) -> None:
    """Perform the step, unless another worker has; a signal that people change meanwhile is left to the next
    day.
    """
    caller = rule_caller(NAME)
    # The references themselves are longer than the log's names.
    reference = f"{caller.actor}:{step.action}:{uuid5(NAMESPACE_URL, step.reference)}"
    metadata = CommandMetadata(caller, now, reference, source="rule", source_ref=reference)
    record = None if step.record_id is None else str(step.record_id)
    key = IdempotencyKey(ROUTE, reference, "")
    try:
        await perform(
            ledger, Command(LIFECYCLE, LIFECYCLE[step.action], record, step.body, metadata, key=key)
        )
    except DuplicateCommand:
        return
    except Refusal as refused:
        logger.warning("a signal cannot be noted", signal=step.reference, code=refused.code)
    except ConstraintViolation as violation:
        if violation.constraint != UNIQUE_SIGNAL:
            raise


def _text(value: float) -> str:
    """Return a number as decimal text, since the log holds no fractional numbers."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
