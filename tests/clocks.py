"""Events of clocks, appended by the log's writer as the rule that watches clocks appends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from app.common.people import rule_caller
from app.common.times.clocks import AgreementType, ClockData, ClockEventType, ClockMetric
from app.kernel.ledger import Ledger
from app.log.events import Event, id_of, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest

AGREEMENT = UUID("0199b1b2-0000-7000-8000-000000000001")


def clock_stream(ticket: str, clock: ClockData) -> str:
    """The stream of that clock of the ticket, whose stream is named."""
    name = f"{clock.agreement_type}:{clock.metric}:{clock.party or ''}:{clock.round}"
    return stream("clock", uuid5(id_of(ticket), name))


async def append_clock_event(
    ledger: Ledger,
    ticket: str,
    event: ClockEventType,
    *,
    metric: ClockMetric = ClockMetric.resolution,
    agreement_type: AgreementType = AgreementType.sla,
    agreement: UUID = AGREEMENT,
    party: UUID | None = None,
    percent: int | None = None,
    occurred_at: datetime | None = None,
    staff_only: bool = False,
) -> str:
    """Append an event of a clock of that ticket, caused by the ticket's last event. Gives the clock's
    stream.
    """
    said = ClockData(
        agreement=agreement,
        agreement_type=agreement_type,
        target="t1",
        metric=metric,
        party=party,
        why="service",
        target_seconds=14400,
        percent=percent,
    )
    name = clock_stream(ticket, said)
    cause = await ledger.db.row(
        "select id, correlation_id, version from log.event where stream = %s order by version desc limit 1",
        (ticket,),
    )
    assert cause is not None
    version = await ledger.db.value(
        "select coalesce(max(version), 0) from log.event where stream = %s", (name,)
    )
    made = Event(
        id=uuid7(),
        stream=name,
        version=version + 1,
        type=event.value,
        occurred_at=occurred_at or datetime.now(UTC),
        staff_only=staff_only,
        actor=rule_caller("watch_clocks").actor,
        correlation_id=cause["correlation_id"],
        causation_id=cause["id"],
        source="rule",
        data=said.to_event_data(),
    )
    await ledger.writer.write(
        AppendRequest(reads={name: version, ticket: cause["version"]}, events=(made,), abouts={name: ticket})
    )
    return name


def from_now(days: int) -> str:
    """The beginning of the day so many days from now, as clients send it."""
    return f"{(datetime.now(UTC) + timedelta(days=days)).date()}T00:00:00Z"
