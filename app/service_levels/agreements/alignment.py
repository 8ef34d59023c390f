"""Alignment of an SLA with the OLAs and UCs that it rests on, line by line.

Each of its resolution targets is compared with the longest time that their targets allow one after another,
over every second of a year at which a case could open; its availability with the product of the promises of
its items and UCs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.common.records import from_row, rows_with_parts
from app.common.tickets import HoldReason
from app.common.times.business_time import BusinessTime
from app.common.times.clocks import AgreementType
from app.foundation.calendars.calendar_cache import NEWEST_VERSIONS, business_time_of
from app.foundation.calendars.records import CalendarVersion
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import PreparationRefused
from app.log.canonical import instant
from app.platform.db import Row
from app.service_level_engine.alignment import AlignmentLink, align, align_availability
from app.service_levels.agreements.records import IN_FORCE, Agreement, TargetMetric
from app.service_levels.agreements.terms.measurability import conditions_of

#: The time in which openings are tried.
YEAR = timedelta(days=366)
#: The attribute by which a configuration item promises an availability.
AVAILABILITY = "availability"
AVAILABILITY_DIGITS = 9

# Each of them in its newest signed edition.
BENEATH = f"""
with recursive edition as (
  select a.id as named, a.id, 0 as depth from fold.sla a where a.id = any(%s::uuid[])
  union all
  select e.named, n.id, e.depth + 1 from edition e join fold.sla n on n.replaces_id = e.id
  where n.signed_at is not null and e.depth < 100
)
select distinct on (e.named) e.named, a.* from edition e join {rows_with_parts(Agreement)} a on a.id = e.id
order by e.named, e.depth desc, a.signed_at desc nulls last"""
# The items in use that serve one of the services.
ITEMS = f"""
select key, attributes ->> '{AVAILABILITY}' as promised from fold.ci
where services && %s::text[] and state = 'live' order by key"""


@dataclass(frozen=True, slots=True)
class AlignmentLine:
    """An OLA or UC in the longest case of a target."""

    agreement: Annotated[UUID, Field(description="Identifier of the OLA or UC.")]
    number: Annotated[str, Field(description="Number by which people know the OLA or UC.")]
    agreement_type: AgreementType
    target: Annotated[str, Field(description="Identifier of the target in the OLA or UC.")]
    calendar: Annotated[str, Field(description="Key of the target's calendar.")]
    target_seconds: Annotated[int, Field(description="Number of business seconds that the target allows.")]
    counted: Annotated[bool, Field(description="True if the time of the part is added to the sum.")]
    begins_at: Annotated[str, Field(description="Beginning of the part in the longest case.")]
    ends_at: Annotated[str, Field(description="End of the part in the longest case.")]
    seconds: Annotated[int, Field(description="Number of seconds of the part by the SLA's calendar.")]


@dataclass(frozen=True, slots=True)
class TargetAlignment:
    """The alignment of a resolution target of the SLA, by the case that takes the most time of its
    calendar.
    """

    target: Annotated[str, Field(description="Identifier of the target in the SLA.")]
    conditions: Annotated[
        dict[str, str], Field(description="Conditions that the cases of the target meet, by name.")
    ]
    calendar: Annotated[str, Field(description="Key of the target's calendar.")]
    target_seconds: Annotated[int, Field(description="Number of business seconds that the target allows.")]
    worst_seconds: Annotated[
        int | None,
        Field(
            description="Largest number of seconds of the SLA's calendar that a case can take; null if "
            "a calendar ends too early, or if there are no agreements below."
        ),
    ]
    worst_at: Annotated[
        str | None,
        Field(
            description="Opening time of the case that takes the most seconds; null if a calendar ends "
            "too early, or if there are no agreements below."
        ),
    ]
    holds: Annotated[bool, Field(description="True if the longest case stays within the target.")]
    lines: Annotated[list[AlignmentLine], Field(description="Parts of the longest case, in order.")]
    without_target: Annotated[
        list[str], Field(description="Numbers of the agreements below that promise nothing for such cases.")
    ]


@dataclass(frozen=True, slots=True)
class PromisedItem:
    """The availability that a configuration item or a UC promises; without a promise it counts as a gap."""

    name: Annotated[str, Field(description="Key of the configuration item, or number of the UC.")]
    availability: Annotated[
        str | None,
        Field(description="Promised availability as a decimal text; null if no availability is promised."),
    ]


@dataclass(frozen=True, slots=True)
class TargetAvailability:
    """The alignment of an availability that the SLA promises. It holds if it is not higher than the product
    of the promises of its items and UCs; without such promises it does not hold.
    """

    target: Annotated[str, Field(description="Identifier of the target in the SLA.")]
    services: Annotated[list[str], Field(description="Keys of the services of the target.")]
    promised: Annotated[str, Field(description="Availability that the SLA promises, as a decimal text.")]
    product: Annotated[
        str | None,
        Field(
            description="Product of the promises of the items and UCs, as a decimal text; null if unknown."
        ),
    ]
    holds: Annotated[
        bool, Field(description="True if the promised availability is not higher than the product.")
    ]
    unknown: Annotated[list[str], Field(description="Items and UCs without a promise.")]
    items: Annotated[
        list[PromisedItem],
        Field(description="Items and UCs on which the services depend, with their promises."),
    ]


@dataclass(frozen=True, slots=True)
class AgreementAlignment:
    """The alignment of an SLA with the OLAs and UCs on which it rests; it does not hold without any."""

    holds: Annotated[bool, Field(description="True if all targets of the SLA are supported.")]
    from_at: Annotated[str, Field(description="Beginning of the examined time.")]
    until_at: Annotated[str, Field(description="End of the examined time.")]
    not_in_force: Annotated[
        list[str], Field(description="Numbers of the OLAs and UCs that are not signed or have ended.")
    ]
    resolution: Annotated[list[TargetAlignment], Field(description="Alignment of the resolution targets.")]
    availability: Annotated[
        list[TargetAvailability], Field(description="Alignment of the availability targets.")
    ]


async def alignment_of(read: Reading, agreement: Agreement, now: datetime) -> AgreementAlignment:
    """Return the alignment of the agreement in the year from now on, or from its begin, if that is later."""
    begin = max(now, agreement.begins_at or now).replace(microsecond=0)
    beneath = await _agreements_beneath(read, agreement)
    hours = await _business_times(read, [agreement, *beneath])
    # In a thread, since a year of several calendars takes a while: other requests go on meanwhile.
    resolution = await asyncio.to_thread(
        lambda: [_resolution(agreement, target, beneath, hours, begin) for target in _of(agreement)]
    )
    availability = [
        await _availability(read, agreement, target, beneath)
        for target in agreement.targets or ()
        if target["metric"] == TargetMetric.availability and target["threshold"] is not None
    ]
    missing = [item.number for item in beneath if item.state not in IN_FORCE]
    holds = (
        bool(beneath)
        and not missing
        and all(item.holds for item in resolution)
        and all(item.holds for item in availability)
    )
    until = begin + YEAR
    return AgreementAlignment(holds, instant(begin), instant(until), missing, resolution, availability)


async def gap_beneath(reads: ReadContext, agreement: Agreement, body: Any, ctx: ActionContext) -> None:
    """Refuse to submit an SLA that does not add up, unless the gap is accepted with a reason. Raises
    PreparationRefused.
    """
    if agreement.agreement_type is not AgreementType.sla or body.gap_reason is not None:
        return
    guard = Unguarded("What lies beneath may change at any time after it was signed, too.")

    async def read(query: str, parameters: Any) -> list[Row]:
        return await reads.rows(query, parameters, guard=guard)

    alignment = await alignment_of(read, agreement, ctx.now)
    if not alignment.holds:
        gaps = [item.target for item in alignment.resolution if not item.holds]
        gaps += [item.target for item in alignment.availability if not item.holds]
        because = "does_not_add_up" if agreement.rests_on else "nothing_beneath"
        if not agreement.rests_on:
            gaps = [target["id"] for target in agreement.targets or ()]
        named = ", ".join((*gaps, *alignment.not_in_force))
        faults = [{"target": target, "because": because} for target in gaps]
        raise PreparationRefused("gap_beneath", {"gaps": named}, {"targets": faults})


async def _agreements_beneath(read: Reading, agreement: Agreement) -> list[Agreement]:
    """Return the agreements that it rests on, in its order, each in the newest signed edition."""
    names = agreement.rests_on or []
    rows = {str(row["named"]): row for row in await read(BENEATH, (names,))} if names else {}
    return [from_row(Agreement, rows[name]) for name in names if name in rows]


async def _business_times(read: Reading, agreements: Sequence[Agreement]) -> dict[str, BusinessTime]:
    keys = {str(agreement.calendar) for agreement in agreements}
    keys |= {
        target["calendar"]
        for agreement in agreements
        for target in agreement.targets or ()
        if target["calendar"]
    }
    rows = await read(NEWEST_VERSIONS, (sorted(keys),))
    return {row["calendar"]: business_time_of(from_row(CalendarVersion, row)) for row in rows}


def _of(agreement: Agreement) -> Iterator[dict[str, Any]]:
    """Yield the agreement's targets for the time to resolution."""
    for target in agreement.targets or ():
        if target["metric"] == TargetMetric.resolution and target["threshold_seconds"] is not None:
            yield target


def _resolution(
    agreement: Agreement,
    target: Mapping[str, Any],
    beneath: Sequence[Agreement],
    hours: Mapping[str, BusinessTime],
    begin: datetime,
) -> TargetAlignment:
    calendar = _calendar(agreement, target)
    pauses = HoldReason.awaiting_vendor in target["pause_reasons"]
    agreements: list[tuple[Agreement, Mapping[str, Any], AlignmentLink]] = []
    without = []
    for supporting in beneath:
        chosen = _target_beneath(supporting, conditions_of(target))
        if chosen is None:
            without.append(supporting.number)
            continue
        counts = not (pauses and supporting.agreement_type is AgreementType.uc)
        of_link = hours[_calendar(supporting, chosen)]
        agreements.append(
            (
                supporting,
                chosen,
                AlignmentLink(
                    name=supporting.number,
                    hours=of_link,
                    target_seconds=chosen["threshold_seconds"],
                    counts=counts,
                ),
            )
        )
    aligned = align(hours[calendar], [link for _, _, link in agreements], begin, begin + YEAR)
    return TargetAlignment(
        target=target["id"],
        conditions=conditions_of(target),
        calendar=calendar,
        target_seconds=target["threshold_seconds"],
        worst_seconds=aligned.worst_seconds if agreements else None,
        worst_at=None if aligned.worst_at is None or not agreements else instant(aligned.worst_at),
        holds=bool(agreements) and not without and aligned.allows(target["threshold_seconds"]),
        lines=[
            AlignmentLine(
                supporting.id,
                supporting.number,
                AgreementType(str(supporting.agreement_type)),
                chosen["id"],
                _calendar(supporting, chosen),
                link.target_seconds,
                link.counts,
                instant(line.begins_at),
                instant(line.ends_at),
                line.seconds,
            )
            for (supporting, chosen, link), line in zip(agreements, aligned.lines, strict=False)
        ],
        without_target=without,
    )


def _calendar(agreement: Agreement, target: Mapping[str, Any]) -> str:
    """Return the key of the calendar that the target counts by."""
    return str(target["calendar"] or agreement.calendar)


def _target_beneath(agreement: Agreement, conditions: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the target for the time to resolution that the agreement beneath has for such cases; None if it
    covers only some of them. Among several targets for some of these cases, it is the one with the longest
    time.
    """
    fits, narrower = None, []
    for target in _of(agreement):
        own = conditions_of(target)
        if any(conditions.get(name, value) != value for name, value in own.items()):
            continue
        if not own.items() <= conditions.items():
            narrower.append(target)
        elif fits is None or len(own) > len(conditions_of(fits)):
            fits = target
    if fits is None:
        return None
    more = [other for other in narrower if len(conditions_of(other)) > len(conditions_of(fits))]
    return max((fits, *more), key=lambda other: int(other["threshold_seconds"]))


async def _availability(
    read: Reading, agreement: Agreement, target: Mapping[str, Any], beneath: Sequence[Agreement]
) -> TargetAvailability:
    services = [target["service"]] if target["service"] else list(agreement.services or ())
    rows = await read(ITEMS, (services,))
    items = [PromisedItem(row["key"], _share(row["promised"])) for row in rows]
    for supporting in beneath:
        if (
            supporting.agreement_type is AgreementType.uc
            and (promised := _promised_by(supporting)) is not None
        ):
            items.append(PromisedItem(supporting.number, promised))
    shares = [
        (item.name, None if item.availability is None else Fraction(item.availability)) for item in items
    ]
    aligned = align_availability(Fraction(target["threshold"]), shares)
    return TargetAvailability(
        target=target["id"],
        services=services,
        promised=target["threshold"],
        product=None if aligned.product is None else _decimal(aligned.product),
        holds=bool(items) and aligned.holds,
        unknown=list(aligned.unknown),
        items=items,
    )


def _promised_by(agreement: Agreement) -> str | None:
    """Return the lowest availability that the agreement promises."""
    statements = [
        target["threshold"]
        for target in agreement.targets or ()
        if target["metric"] == TargetMetric.availability and target["threshold"] is not None
    ]
    return min(statements, key=Decimal, default=None)


def _share(text: str | None) -> str | None:
    """Return the text if it is a share from 0 to 1."""
    try:
        value = None if text is None else Decimal(text)
    except InvalidOperation:
        return None
    return text if value is not None and value.is_finite() and 0 <= value <= 1 else None


def _decimal(share: Fraction) -> str:
    """Return the share as a decimal text, rounded half up."""
    scale = 10**AVAILABILITY_DIGITS
    rounded = (share * scale * 2 + 1) // 2
    return f"{Decimal(int(rounded)) / scale:f}"
