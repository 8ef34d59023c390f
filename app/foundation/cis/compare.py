"""Comparison of configuration items between two states of the log, by folding their histories up to each.

A page examines some thousand items in the order of their ids, and reads the events of those that changed in
between; of all of them, if the two baselines have different sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings import cursors
from app.api.listings.list_queries import LARGEST_POSITION, Paging
from app.api.records.shapes import OutputModel, Renderer
from app.common.records import codecs
from app.foundation.cis import baselines
from app.foundation.cis.lifecycle import LIFECYCLE
from app.foundation.cis.queries import CiStub, ci_stub, ci_visibility_condition
from app.foundation.cis.records import Baseline, Ci, CiRelation, CiState, DifferenceKind, RelationKind
from app.kernel.access.reads import load
from app.kernel.actions.refusals import WrongValue
from app.kernel.histories.history import fold
from app.kernel.visible_records import is_visible
from app.log import read
from app.log.events import COLUMNS, Recorded, kind_of, recorded, stream

#: Most items that a page examines, and the number of histories that are read at once.
MOST_EXAMINED, CHUNK_SIZE = 2_000, 100
#: A page that reports this many relations is full, whatever its limit.
MOST_RELATIONS = 2_000
#: The fields that are compared; attributes are compared one by one.
COMPARED_FIELDS = ("name", "state", "owner_id", "services")

CANDIDATES = """
with item as (
  select c.id, c.key, c.name, c.ci_class, c.state from fold.ci c
  where (%(after)s::uuid is null or c.id > %(after)s) and {seen} order by c.id limit %(looked_at)s
)
select i.*, {moved} as moved from item i order by i.id
"""
CHANGED_BETWEEN = """exists (
  select from log.event e where e.stream = 'ci/' || i.id and e.position > %(low)s and e.position <= %(high)s
)"""


class CompareQuery(Paging):
    """The two states of the log to compare."""

    before: str = Field(
        alias="from",
        max_length=100,
        description="Earlier side: key or id of a baseline, or a position of the log.",
    )
    after: str = Field(
        alias="to",
        max_length=100,
        description="Later side: key or id of a baseline, or a position of the log. A position is "
        "compared for the items of the other side's baseline, and two positions for all "
        "items.",
    )


class FieldDifference(OutputModel):
    """A field whose values differ."""

    field: str = Field(
        description="Name of the field: `name`, `state`, `owner_id`, `services`, or `attributes.` with "
        "the key of an attribute."
    )
    old: str | int | list[str] | None = Field(description="Value on the earlier side; null if absent.")
    new: str | int | list[str] | None = Field(description="Value on the later side; null if absent.")


class RelationDifference(OutputModel):
    """A relation of the item that was added or removed."""

    kind: RelationKind
    other: CiStub


class CiDifference(OutputModel):
    """The differences of one configuration item."""

    ci: CiStub = Field(description="Item as it is at `to`, or at `from` if it was removed.")
    difference: DifferenceKind
    fields: list[FieldDifference] = Field(
        description="Fields that differ, in order, for an item that exists on both sides."
    )
    relations_added: list[RelationDifference] = Field(
        description="Relations of the item that only the later side has."
    )
    relations_removed: list[RelationDifference] = Field(
        description="Relations of the item that only the earlier side has."
    )


class ComparePage(OutputModel):
    """A page of the differences of configuration items, in the order of their ids."""

    from_position: int = Field(description="Position of the log for the earlier side.")
    to_position: int = Field(description="Position of the log for the later side.")
    items: list[CiDifference] = Field(
        description="Differences by item. A page may have fewer entries than `limit`, or no entries, "
        "and still have a next page."
    )
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ComparedState:
    """A state of the log, and the set of items to compare; all items if `baseline` is None."""

    position: int
    baseline: Baseline | None

    def contains(self, ci: Ci | None) -> bool:
        """Return whether the set contains the item in its state of that time."""
        if ci is None or ci.state is CiState.retired:
            return False
        baseline = self.baseline
        return baseline is None or (
            (not baseline.ci_classes or ci.ci_class in baseline.ci_classes)
            and (not baseline.services or not set(baseline.services).isdisjoint(ci.services or ()))
            and (not baseline.ci_ids or str(ci.id) in baseline.ci_ids)
        )

    @property
    def selection(self) -> tuple[Any, ...]:
        """Return the criteria that select the set: equal for equal sets."""
        baseline = self.baseline
        return () if baseline is None else (baseline.ci_classes, baseline.services, baseline.ci_ids)


@dataclass(frozen=True, slots=True)
class CiSnapshot:
    """The state of an item at a position of the log, if it is in the set, and its relations: kind, and the
    other item's id.
    """

    ci: Ci | None
    relations: frozenset[tuple[str, UUID]]


async def compare(renderer: Renderer, query: CompareQuery) -> dict[str, Any]:
    """Return a page of differences. Raises BadCursor, and WrongValue if a baseline or position does not
    exist.
    """
    before, after = await _compared_states(renderer, query)
    sign = renderer.ledger.vault.fingerprint
    scope = f"cis/compare {before.position} {before.selection} {after.position} {after.selection}"
    last = None if query.cursor is None else UUID(cursors.read(query.cursor, scope, sign)[0])
    rows, more = await _candidates(renderer, before, after, last)
    differing: list[tuple[dict[str, Any], CiSnapshot, CiSnapshot]] = []
    reported = 0
    for chunk in _chunks([row for row in rows if row["moved"]]):
        for row, old, new in await _snapshots(renderer, chunk, before, after):
            if len(differing) == query.limit or reported > MOST_RELATIONS:
                items = await _render_items(renderer, differing)
                return _page(before, after, items, cursors.write([str(differing[-1][0]["id"])], scope, sign))
            if old != new:
                differing.append((row, old, new))
                reported += len(old.relations ^ new.relations)
    cursor = cursors.write([str(rows[-1]["id"])], scope, sign) if more else None
    return _page(before, after, await _render_items(renderer, differing), cursor)


def _page(
    before: ComparedState, after: ComparedState, items: Sequence[dict[str, Any]], cursor: str | None
) -> dict[str, Any]:
    return {
        "from_position": before.position,
        "to_position": after.position,
        "items": items,
        "next_cursor": cursor,
    }


async def _compared_states(renderer: Renderer, query: CompareQuery) -> tuple[ComparedState, ComparedState]:
    before = await _baseline_or_position(renderer, "from", query.before)
    after = await _baseline_or_position(renderer, "to", query.after)
    if isinstance(before, Baseline):
        baseline = before
        return _state_of_baseline(baseline), _state_of_baseline(after) if isinstance(
            after, Baseline
        ) else ComparedState(after, baseline)
    if isinstance(after, Baseline):
        return ComparedState(before, after), _state_of_baseline(after)
    return ComparedState(before, None), ComparedState(after, None)


def _state_of_baseline(baseline: Baseline) -> ComparedState:
    assert baseline.position is not None
    return ComparedState(baseline.position, baseline)


async def _baseline_or_position(renderer: Renderer, parameter: str, name: str) -> Baseline | int:
    """Return the baseline of that name, or the position. Raises WrongValue."""
    ledger, lifecycle = renderer.ledger, baselines.LIFECYCLE
    if name.isascii() and name.isdigit():
        position = min(int(name[:20]), LARGEST_POSITION)
        if position > await read.head(ledger.db):
            raise WrongValue(parameter=parameter, because="ahead_of_the_log")
        return position
    loaded = await load(ledger.db, lifecycle, name)
    if loaded is None or not is_visible(ledger, lifecycle, renderer.caller, loaded.audience):
        words = {"kind": lifecycle.kind, "name": name}
        raise WrongValue(words, parameter=parameter, because="unknown_reference")
    return loaded.record


async def _candidates(
    renderer: Renderer, before: ComparedState, after: ComparedState, last: UUID | None
) -> tuple[list[dict[str, Any]], bool]:
    """Return the next items that the caller may see, whether each can differ, and whether more follow."""
    low, high = sorted((before.position, after.position))
    parameters: dict[str, Any] = {"after": last, "looked_at": MOST_EXAMINED + 1, "low": low, "high": high}
    moved = CHANGED_BETWEEN if before.selection == after.selection else "true"
    query = CANDIDATES.format(seen=ci_visibility_condition(renderer, parameters), moved=moved)
    rows = await renderer.ledger.db.rows(query, parameters)
    return rows[:MOST_EXAMINED], len(rows) > MOST_EXAMINED


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for begin in range(0, len(rows), CHUNK_SIZE):
        yield rows[begin : begin + CHUNK_SIZE]


async def _snapshots(
    renderer: Renderer, rows: list[dict[str, Any]], before: ComparedState, after: ComparedState
) -> list[tuple[dict[str, Any], CiSnapshot, CiSnapshot]]:
    """Return each item with its snapshots at both states."""
    names = {row["id"]: stream(LIFECYCLE.kind, row["id"]) for row in rows}
    query = (
        f"select {COLUMNS} from log.event where stream = any(%s) and position <= %s order by stream, version"
    )
    high = max(before.position, after.position)
    events: dict[str, list[Recorded]] = defaultdict(list)
    for row in await renderer.ledger.db.rows(query, (list(names.values()), high)):
        events[row["stream"]].append(recorded(row))
    histories = [(row, names[row["id"]], events[names[row["id"]]]) for row in rows]
    return [
        (row, snapshot_at(name, history, before), snapshot_at(name, history, after))
        for row, name, history in histories
    ]


def snapshot_at(name: str, events: Sequence[Recorded], state: ComparedState) -> CiSnapshot:
    """Return the state of the item of that stream at the state's position: its events up to there, folded."""
    earlier = [event for event in events if event.position <= state.position]
    ci = fold(Ci, name, earlier)
    if not state.contains(ci):
        return CiSnapshot(None, frozenset())
    keys = {key for event in earlier for key in event.data["set"] if kind_of(key) == CiRelation.KIND}
    existing = [relation for key in keys if (relation := fold(CiRelation, key, earlier)) is not None]
    relations = frozenset(
        (str(relation.kind), relation.to_ci_id) for relation in existing if relation.to_ci_id is not None
    )
    # A different version alone is no difference, and not shown.
    assert ci is not None
    ci.version, ci.changed_at = 0, None
    ci.unauthorised, ci.unauthorised_count, ci.unauthorised_at = None, None, None
    ci.live_at = None
    return CiSnapshot(ci, relations)


async def _render_items(
    renderer: Renderer, differing: Sequence[tuple[dict[str, Any], CiSnapshot, CiSnapshot]]
) -> list[dict[str, Any]]:
    other_ids = {other for _, old, new in differing for _, other in old.relations ^ new.relations}
    parameters: dict[str, Any] = {"ids": list(other_ids)}
    rows = await renderer.ledger.db.rows(
        "select c.id, c.key, c.name, c.ci_class, c.state from fold.ci c "
        f"where c.id = any(%(ids)s) and {ci_visibility_condition(renderer, parameters)}",
        parameters,
    )
    stubs = {row["id"]: ci_stub(row) for row in rows}
    items = [_item(old, new, stubs) for _, old, new in differing]
    empty = {
        "difference": DifferenceKind.changed,
        "fields": [],
        "relations_added": [],
        "relations_removed": [],
    }
    # The only differences are relations to items that the caller may not see.
    return [item for item in items if not empty.items() <= item.items()]


def _item(old: CiSnapshot, new: CiSnapshot, stubs: dict[UUID, dict[str, Any]]) -> dict[str, Any]:
    ci = new.ci or old.ci
    difference = DifferenceKind.added if old.ci is None else DifferenceKind.removed
    if old.ci is not None and new.ci is not None:
        difference = DifferenceKind.changed
    return {
        "ci": ci_stub({name: getattr(ci, name) for name in CiStub.model_fields}),
        "difference": difference,
        "fields": list(field_differences(old.ci, new.ci)) if old.ci and new.ci else [],
        "relations_added": _relations(new.relations - old.relations, stubs),
        "relations_removed": _relations(old.relations - new.relations, stubs),
    }


def _relations(
    relations: frozenset[tuple[str, UUID]], stubs: dict[UUID, dict[str, Any]]
) -> list[dict[str, Any]]:
    return [{"kind": kind, "other": stubs[other]} for kind, other in sorted(relations) if other in stubs]


def field_differences(old: Ci, new: Ci) -> Iterator[dict[str, Any]]:
    """Yield the differences of each field that users change, and of each attribute."""
    for name in COMPARED_FIELDS:
        write = codecs(Ci)[name].write
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _field(
                name, None if before is None else write(before), None if after is None else write(after)
            )
    old_values, new_values = old.attributes or {}, new.attributes or {}
    for key in sorted(old_values.keys() | new_values.keys()):
        if old_values.get(key) != new_values.get(key):
            yield _field(f"attributes.{key}", old_values.get(key), new_values.get(key))


def _field(name: str, old: Any, new: Any) -> dict[str, Any]:
    return {"field": name, "old": old, "new": new}
