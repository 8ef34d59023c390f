"""What-if analysis of an agreement: the engine reads the clocks of its cases, once by its terms and once by
others, and the attainment of both is compared.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import CommaSeparated, Time
from app.api.records.shapes import OutputModel
from app.common.tickets import HoldReason
from app.kernel.actions.payloads import RecordKey
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.platform.db import Connection, fetch_rows
from app.service_level_engine.clock import ClockReading, ClockState
from app.service_level_engine.target_selection import Attributes
from app.service_level_engine.targets import Metric, Target, Targeting
from app.service_levels.clocks.case_clocks import CaseClocks
from app.service_levels.clocks.projection import CASES_AT_ONCE, CASES_IN_A_ROW, Terms, load_terms, read_events
from app.service_levels.clocks.timeline import timeline_of

#: They are computed while the caller waits: some ten seconds.
MOST_CASES = 10_000
MOST_LISTED = 200
ONE_YEAR = 366 * 24 * 3600
CASES = """
select distinct kind || '/' || case_id as stream, opened_at, case_id from sla.clock
where agreement_id = %(agreement)s and metric = %(metric)s and opened_at >= %(begin)s and opened_at < %(end)s
order by opened_at, case_id limit %(most)s"""
NUMBERS = "select id, number from fold.{kind} where id = any(%s)"
_DECIDED = {ClockState.met: "met", ClockState.missed: "missed", ClockState.breached: "missed"}


class WhatIfQuery(BaseModel):
    """The clocks to compute again, and the terms to compute them by; terms that are left out stay as they
    are.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    metric: Metric = Field(description="Metric of the clocks.")
    target: str | None = Field(
        default=None, max_length=40, description="Identifier of the clocks' target; if left out, all targets."
    )
    threshold_seconds: Annotated[int, Field(ge=1, le=ONE_YEAR)] | None = Field(
        default=None, description="Threshold to try, in business seconds."
    )
    calendar: RecordKey | None = Field(default=None, description="Key of the calendar to try.")
    pause_reasons: Annotated[
        list[HoldReason] | None,
        CommaSeparated,
        Field(description="Reasons for a hold that pause the clock in the trial; empty for no pauses."),
    ] = None
    begin: Time = Field(alias="from", description="Time from which the cases were opened.")
    end: Time = Field(alias="to", description="Time before which the cases were opened.")
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED, description="Number of differing cases to list.")] = 50


class Attainment(OutputModel):
    """The numbers of clocks that met their target, missed it, or are undecided."""

    met: int = Field(description="Number of clocks that met their target.")
    missed: int = Field(
        description="Number of clocks that stopped after the target, or have passed it and have not stopped."
    )
    undecided: int = Field(description="Number of clocks that are still open before their target.")
    attainment: float | None = Field(
        description="Attainment: met / (met + missed); null if no clock is decided yet."
    )


class DifferingClock(OutputModel):
    """A clock that would have ended differently."""

    kind: str = Field(description="Kind of the ticket, such as `incident`.")
    id: UUID = Field(description="Identifier of the ticket.")
    number: str = Field(description="Number by which people know the ticket.")
    round: int = Field(description="Number of the round of an `update` clock; 1 for other clocks.")
    state: ClockState
    would_be: ClockState
    elapsed_seconds: int = Field(description="Number of business seconds on the clock.")
    would_be_elapsed_seconds: int = Field(description="Number of business seconds on the clock in the trial.")


class WhatIfAnalysis(OutputModel):
    """The actual attainment, and the attainment in the trial."""

    as_is: Attainment
    would_be: Attainment
    differing: int = Field(description="Number of clocks that would have ended differently.")
    items: list[DifferingClock] = Field(
        description="First of these clocks, by the time at which their cases were opened."
    )


async def analyse_what_if(
    ledger: Ledger, agreement_id: UUID, query: WhatIfQuery, now: datetime
) -> dict[str, Any]:
    """Return the attainment by the terms as they are and as they would be. Raises WrongValue."""
    if query.begin >= query.end:
        raise WrongValue(parameter="to", because="not_after_its_beginning")
    async with ledger.db.connection() as connection:
        terms = await load_terms(connection)
        comparison = _Comparison(query)
        if terms is not None:
            if query.calendar is not None and query.calendar not in terms.calendars.by_key:
                raise WrongValue({"value": query.calendar}, parameter="calendar", because="unknown_value")
            streams = await _cases(connection, agreement_id, query)
            await comparison.read_all(connection, terms, agreement_id, streams, now)
        await comparison.name_tickets(connection)
    return {
        "as_is": _attainment(comparison.as_is),
        "would_be": _attainment(comparison.would_be),
        "differing": comparison.differing,
        "items": comparison.items,
    }


async def _cases(connection: Connection, agreement_id: UUID, query: WhatIfQuery) -> list[str]:
    parameters = {
        "agreement": agreement_id,
        "metric": query.metric.value,
        "begin": query.begin,
        "end": query.end,
        "most": MOST_CASES + 1,
    }
    rows = await fetch_rows(connection, CASES, parameters)
    if len(rows) > MOST_CASES:
        raise WrongValue({"most": str(MOST_CASES)}, parameter="to", because="too_many_cases")
    return [row["stream"] for row in rows]


def _attainment(counted: Counter[str]) -> dict[str, Any]:
    decided = counted["met"] + counted["missed"]
    share = round(counted["met"] / decided, 6) if decided else None
    return {name: counted[name] for name in ("met", "missed", "undecided")} | {"attainment": share}


@dataclass(slots=True)
class _Comparison:
    """The counts by both terms, and the clocks that end otherwise."""

    query: WhatIfQuery
    as_is: Counter[str] = field(default_factory=Counter)
    would_be: Counter[str] = field(default_factory=Counter)
    differing: int = 0
    items: list[dict[str, Any]] = field(default_factory=list)

    async def read_all(
        self, connection: Connection, terms: Terms, agreement_id: UUID, streams: Sequence[str], now: datetime
    ) -> None:
        """Read the clocks of these cases by both terms, a few in a row: other tasks get their turn."""
        for start in range(0, len(streams), CASES_AT_ONCE):
            histories = await read_events(connection, streams[start : start + CASES_AT_ONCE], terms.cut)
            for n, name in enumerate(streams[start : start + CASES_AT_ONCE]):
                if n % CASES_IN_A_ROW == CASES_IN_A_ROW - 1:
                    await asyncio.sleep(0)
                case = terms.clocks_of(timeline_of(name, histories[name]))
                for was, would in _both(case, agreement_id, self.query, now):
                    self.add(case, was, would)

    def add(self, case: CaseClocks, was: ClockReading, would: ClockReading) -> None:
        """Count a clock by both terms; list it if it ends otherwise."""
        before, after = _DECIDED.get(was.state, "undecided"), _DECIDED.get(would.state, "undecided")
        self.as_is[before] += 1
        self.would_be[after] += 1
        if before == after:
            return
        self.differing += 1
        if len(self.items) < self.query.limit:
            self.items.append(
                {
                    "kind": case.timeline.kind,
                    "id": UUID(case.timeline.case_id),
                    "number": "",
                    "round": was.round,
                    "state": was.state.value,
                    "would_be": would.state.value,
                    "elapsed_seconds": was.elapsed_seconds,
                    "would_be_elapsed_seconds": would.elapsed_seconds,
                }
            )

    async def name_tickets(self, connection: Connection) -> None:
        """Fill in the numbers of the tickets."""
        for kind in {item["kind"] for item in self.items}:
            ids = [item["id"] for item in self.items if item["kind"] == kind]
            rows = await fetch_rows(connection, NUMBERS.format(kind=kind), (ids,))
            numbers = {row["id"]: row["number"] for row in rows}
            for item in self.items:
                item["number"] = numbers.get(item["id"], item["number"])


def _both(
    case: CaseClocks, agreement_id: UUID, query: WhatIfQuery, now: datetime
) -> Iterator[tuple[ClockReading, ClockReading]]:
    """Yield the readings of the clocks that measure the agreement's targets, as they are and would be."""
    for name in case.names():
        if name.metric is not query.metric:
            continue
        terms = case.targeting(name)
        other_readings = case.read(name, now, _other_terms(case, terms, agreement_id, query))
        for was, would in zip(case.read(name, now), other_readings, strict=True):
            of_target = query.target in (None, was.target.id)
            excluded = ClockState.excluded in (was.state, would.state)
            if case.origin(was).agreement_id == agreement_id and of_target and not excluded:
                yield was, would


def _other_terms(case: CaseClocks, base: Targeting, agreement_id: UUID, query: WhatIfQuery) -> Targeting:
    """Return the targeting with the agreement's targets as they would be."""

    def target_of(attributes: Attributes) -> Target | None:
        target = base(attributes)
        if target is None or case.applying.origin(target).agreement_id != agreement_id:
            return target
        if query.target not in (None, target.id):
            return target
        return replace(
            target,
            threshold_seconds=query.threshold_seconds or target.threshold_seconds,
            calendar=query.calendar or target.calendar,
            pause_reasons=target.pause_reasons
            if query.pause_reasons is None
            else frozenset(reason.value for reason in query.pause_reasons),
        )

    return target_of
