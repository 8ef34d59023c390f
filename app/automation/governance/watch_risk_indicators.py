"""Warns of risks whose indicators have reached their thresholds, once a day, and reports when they are back.

Among several workers, the holder of an advisory lock does it; each crossing has an idempotency key, so that
two workers still warn only once. Indicators are not judged while the facts lag behind.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.records import from_row
from app.governance.risks.lookups import watched_indicators
from app.governance.risks.payloads import ClearIndicatorRisk, ReachIndicatorRisk
from app.governance.risks.records import RiskIndicator
from app.kernel.consumers import polling
from app.kernel.consumers.rules import RuleCause, RuleConsequence, perform_consequence, record_refusal
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import count, facts_position, snapshot_connection
from app.kpis.answers.series import PointContext, point
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import TargetValue
from app.kpis.questions.periods import Grain, days_after, start_of
from app.kpis.questions.question import KpiQuestion
from app.kpis.signals.nightly import LONGEST_LAG_SECONDS, due
from app.log.events import id_of
from app.platform.db import Connection, Row

#: The actor's name in the log.
NAME = "watch_risk_indicators"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "risks.indicators"
#: The only period of the question, and its only cut.
WHOLE_WINDOW = (1, ())


async def watch_indicators(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Judge all indicators, if no other worker does and the facts are up to date. Return whether it was done.
    Raises DatabaseGone; nothing is lost then.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return False
        _, lag_seconds = await facts_position(connection)
        if lag_seconds > LONGEST_LAG_SECONDS:
            return False
        for row in await watched_indicators(ledger.db):
            await judge(connection, ledger, row, now)
        return True


async def judge(connection: Connection, ledger: Ledger, row: Row, now: datetime) -> None:
    """Warn if the indicator has crossed its threshold since the last judgement, or report that it is back."""
    indicator = from_row(RiskIndicator, row)
    reading = await read_indicator(ledger, indicator, now)
    if reading is None or indicator.comparator is None:
        return
    target = TargetValue(indicator.comparator, float(str(indicator.threshold)))
    is_reached, was_reached = target.met_by(float(reading)), indicator.reached_at is not None
    if is_reached is was_reached:
        return
    action = "reach_indicator" if is_reached else "clear_indicator"
    payload = ReachIndicatorRisk if is_reached else ClearIndicatorRisk
    body = payload(indicator=indicator.id, reading=reading)
    reference = f"{indicator.id}:{action}:{indicator.crossings}"
    cause = RuleCause(NAME, row["cause"], row["correlation_id"], now, reference)
    risk: UUID = id_of(str(indicator.record))
    consequence = RuleConsequence("risk", action, risk, body)
    refusal = await perform_consequence(ledger, cause, consequence)
    if refusal is not None:
        await record_refusal(connection, cause, consequence, refusal)


async def read_indicator(ledger: Ledger, indicator: RiskIndicator, now: datetime) -> str | None:
    """Return the value of the indicator's KPI over the days before today, as a decimal text, or None."""
    settings = ledger.settings
    zone = ZoneInfo(settings.time_zone)
    end = start_of(now.astimezone(zone).date(), zone)
    scope = {Dimension.service: indicator.service, Dimension.team: indicator.team_id}
    question = KpiQuestion(
        kpi=KPIS[str(indicator.kpi)],
        grain=Grain.all,
        zone=zone,
        bounds=(days_after(end, -(indicator.window_days or 1), zone), end),
        filters={dimension: (str(chosen),) for dimension, chosen in scope.items() if chosen is not None},
        now=now,
        reopen_days=settings.reopen_days,
        currency=settings.currency,
    )
    async with snapshot_connection(ledger.db) as connection:
        figures = await count(connection, question, now, most=1)
    counted = figures.get(WHOLE_WINDOW, Figures())
    value = point(question, WHOLE_WINDOW, counted, {}, PointContext(None, Figures(), now)).value
    if value is None:
        return None
    text = f"{Decimal(repr(value)):.6f}"
    return text.rstrip("0").rstrip(".")


def _day(ledger: Ledger, now: datetime) -> date | None:
    return due(now, ledger.settings.signals_time, ZoneInfo(ledger.settings.time_zone))


run = polling.job_by_period(NAME, watch_indicators, _day, every=POLL_SECONDS)
