"""Preparations of actions on discoveries: the differences that a command settles, and what comes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.common.records import from_row
from app.foundation.cis.payloads import LARGEST_INTEGER, PlanCi
from app.foundation.cis.records import CiState
from app.foundation.discoveries.lookups import (
    changed_meanwhile,
    difference_of,
    first_standing,
    standing_of,
    wrong_without,
)
from app.foundation.discoveries.payloads import (
    MOST_SETTLED_DIFFERENCES,
    CompareAgainDiscovery,
    KeepDiscovery,
    RaiseAlterationsDiscovery,
    SettleDiscovery,
    TakeOverDiscovery,
)
from app.foundation.discoveries.records import (
    ATTRIBUTE_PREFIX,
    DiscoveredKind,
    Discovery,
    DiscoveryDifference,
)
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check

#: A row of lookups.STANDING.
Row = dict[str, Any]
#: Largest number of differences that are compared again at once.
MOST_COMPARED_AGAIN = 500
#: Most of the described differences that are looked at: some of them cannot be settled so.
MOST_DIFFERENCES_READ = 500
WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,15}")
PLANNED_ITEM = TypeAdapter(PlanCi)


@dataclass(frozen=True, slots=True)
class ListedDifference:
    """A difference that is being settled, and the attributes of its item as they are now."""

    difference: DiscoveryDifference
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChosenDifferences:
    """The differences that a command settles, in their order. `named`: the payload names them."""

    chosen: tuple[ListedDifference, ...]
    named: bool
    wrong_items: int = 0


@dataclass(frozen=True, slots=True)
class FoundDifferences:
    """Differences that a comparison has found, to be listed; it comes with the command."""

    differences: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ComparisonFigures:
    """The figures of a finished comparison, by the discovery's fields, and the number of differences by the
    owners of the items; it comes with the command.
    """

    figures: dict[str, Any]
    owners: tuple[tuple[UUID, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StandingDifference:
    """A difference whose recorded value has changed since it was listed."""

    difference: DiscoveryDifference
    agrees: bool
    value_now: str | None


@dataclass(frozen=True, slots=True)
class ChangedDifferences:
    """The differences whose recorded values have changed since they were listed."""

    changed: tuple[StandingDifference, ...]


async def differences_to_take_over(
    reads: ReadContext, discovery: Discovery, body: TakeOverDiscovery, ctx: ActionContext
) -> ChosenDifferences:
    """Choose the differences in which the record can be corrected, so that each item is corrected once."""
    first: dict[UUID, str] = {}
    attributes: dict[UUID, set[str]] = {}

    def reason_against(row: Row) -> str | None:
        if row["kind"] == DiscoveredKind.new:
            return None if _can_be_planned(row) else "cannot_be_planned"
        if row["kind"] == DiscoveredKind.retired or row["attribute"] == "ci_class":
            return "never_changed"
        by = "retire" if row["kind"] == DiscoveredKind.missing else _action_for(row["attribute"])
        if first.setdefault(row["ci_id"], by) != by:
            return "taken_over_apart"
        if by == "change_attributes":
            keys = attributes.setdefault(row["ci_id"], set(row["ci_attributes"]))
            keys.add(row["attribute"].removeprefix(ATTRIBUTE_PREFIX))
            return "too_many_attributes" if len(keys) > LONGEST_LIST else None
        return None

    return await _choose(reads, discovery, body, reason_against)


def _action_for(attribute: str) -> str:
    return "change_attributes" if attribute.startswith(ATTRIBUTE_PREFIX) else "edit"


def _can_be_planned(row: Row) -> bool:
    try:
        PLANNED_ITEM.validate_python(row["found_item"])
    except ValidationError:
        return False
    return True


async def differences_to_keep(
    reads: ReadContext, discovery: Discovery, body: KeepDiscovery, ctx: ActionContext
) -> ChosenDifferences:
    """Choose the differences in which the record is right."""
    return await _choose(reads, discovery, body, lambda row: None, counted=True)


async def differences_to_raise(
    reads: ReadContext, discovery: Discovery, body: RaiseAlterationsDiscovery, ctx: ActionContext
) -> ChosenDifferences:
    """Choose the differences that are alterations of items after go-live."""
    return await _choose(
        reads,
        discovery,
        body,
        lambda row: "never_live" if row["ci_state"] in (None, CiState.planned) else None,
    )


async def _choose(
    reads: ReadContext,
    discovery: Discovery,
    body: SettleDiscovery,
    reason_against: Callable[[Row], str | None],
    *,
    counted: bool = False,
) -> ChosenDifferences:
    """Return the differences that the payload names or describes. Described ones are left out if they have
    changed meanwhile, or cannot be settled so. Raises WrongValue for such a named one; PreparationRefused if
    all are left out.
    """
    rows = (
        await _named(reads, discovery, body.differences, reason_against)
        if body.differences
        else await _described(reads, discovery, body, reason_against)
    )
    if not rows:
        raise PreparationRefused("nothing_to_settle")
    for row in rows:
        if row["ci_version"] is not None:
            reads.relies_on_version(row["ci_stream"], row["ci_version"])
    chosen = tuple(
        ListedDifference(from_row(DiscoveryDifference, difference_of(row)), row["ci_attributes"] or {})
        for row in rows
    )
    ids = [row["id"] for row in rows]
    wrong_items = await wrong_without(reads, discovery.row_key, ids) if counted else 0
    return ChosenDifferences(chosen, bool(body.differences), wrong_items)


async def _named(
    reads: ReadContext,
    discovery: Discovery,
    ids: Sequence[UUID],
    reason_against: Callable[[Row], str | None],
) -> list[Row]:
    standing = await standing_of(reads, discovery.row_key, list(ids))
    rows: list[Row] = []
    for n, difference_id in enumerate(ids):
        row = standing.get(difference_id)
        if row is None or difference_id in ids[:n]:
            raise WrongValue(pointer=f"/differences/{n}", because="not_unsettled")
        if row["agrees"] or row["moved"]:
            raise WrongValue(pointer=f"/differences/{n}", because="changed_meanwhile")
        against = reason_against(row)
        if against is not None:
            raise WrongValue(pointer=f"/differences/{n}", because=against)
        rows.append(row)
    return rows


async def _described(
    reads: ReadContext,
    discovery: Discovery,
    body: SettleDiscovery,
    reason_against: Callable[[Row], str | None],
) -> list[Row]:
    selection = {name: getattr(body, name) for name in ("kind", "ci_class", "attribute")}
    if all(selected is None for selected in selection.values()):
        raise WrongValue(pointer="/differences", because="missing")
    rows = await first_standing(reads, discovery.row_key, selection, MOST_DIFFERENCES_READ)
    fitting = (row for row in rows if not (row["agrees"] or row["moved"]) and reason_against(row) is None)
    return list(islice(fitting, MOST_SETTLED_DIFFERENCES))


@caller_check
async def changed_since(
    reads: ReadContext, discovery: Discovery, body: CompareAgainDiscovery, ctx: ActionContext
) -> ChangedDifferences:
    """Find the differences whose recorded values have changed since they were listed."""
    rows = await changed_meanwhile(reads, discovery.row_key, MOST_COMPARED_AGAIN)
    if not rows:
        raise PreparationRefused("nothing_changed")
    return ChangedDifferences(
        tuple(
            StandingDifference(
                from_row(DiscoveryDifference, difference_of(row)), bool(row["agrees"]), row["value_now"]
            )
            for row in rows
        )
    )


def typed(cell: str, present: Any) -> str | int:
    """Return the value that was found for an attribute: a whole number if the value looks like one, unless
    the recorded value is a text.
    """
    if not isinstance(present, str) and WHOLE_NUMBER.fullmatch(cell) and abs(int(cell)) <= LARGEST_INTEGER:
        return int(cell)
    return cell
