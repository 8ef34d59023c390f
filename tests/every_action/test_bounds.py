"""Each bound of an action holds: just beyond it, zero, a past date where the date lies ahead, a future one
where it tells what was, and reversed pairs are refused with the field that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError

from app.foundation.decisions.payloads import Tallied
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payload_fields import AheadLimit
from app.kernel.actions.payloads import marks
from tests.cases import each_case
from tests.client import Json
from tests.clocks import from_now
from tests.every_action.samples import SAMPLES, valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    of_decisions,
    possible_states,
    record_address,
    send,
)

PAST, FUTURE = "2001-01-01T00:00:00Z", "2190-01-01T00:00:00Z"
#: Times that lie ahead, by the names of their fields.
AHEAD = {
    *("approval_due_at", "accepted_until_at", "defer_until", "defer_until_at", "due_at", "expires_at"),
    *("next_review_at", "next_update_due_at", "plan_due_at", "reassess_by_at", "review_due_at", "target_at"),
    *("until_at", "wake_up_at", "wanted_until_at", "ends_at", "expected_at", "pilot_ends_at", "remind_at"),
    *("first_round_at", "return_ends_at"),
}
#: Times of what has happened.
BEFORE = {
    *("alerted_at", "announced_at", "began_at", "cleared_at", "committed_at", "confirmed_at", "contained_at"),
    *("ended_at", "fix_ended_at", "found_at", "happened_at", "held_at", "published_at", "rolled_back_at"),
    *("service_restored_at", "started_at", "worked_at"),
}
#: Pairs of times in order.
PAIRS = (
    *(("from_at", "until_at"), ("starts_at", "ends_at"), ("begins_at", "ends_at")),
    *(("wanted_from_at", "wanted_until_at"), ("quiet_from_at", "quiet_until_at"), ("opens_at", "ends_at")),
    *(("valid_from_at", "valid_until_at"), ("pilot_begins_at", "pilot_ends_at")),
    *(("return_starts_at", "return_ends_at"), ("started_at", "ended_at")),
)


@dataclass(frozen=True)
class Bound:
    """A field of an action with a bound, the value beyond it, and the kind of the bound."""

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    kind: str
    path: tuple[str, ...]
    value: Any

    def __str__(self) -> str:
        return f"{self.lifecycle.kind}.{self.row.name}/{'/'.join(self.path)} {self.kind}"


def fields(schema: Json, root: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The fields of the schema and of its parts, the first of each list, with their schemas."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    for part in schema.get("anyOf", ()):
        yield from fields(part, root, path)
    if schema.get("type") == "array" and "items" in schema:
        yield from fields(schema["items"], root, (*path, "0"))
    for name, part in schema.get("properties", {}).items():
        if name != "occurred_at":
            yield from fields(part, root, (*path, name))
    yield path, schema


Fields = list[tuple[tuple[str, ...], Json]]


@cache
def rows() -> list[tuple[Lifecycle[Any], Action[Any, Any], Fields]]:
    """The actions of people with the fields of their payloads; what a decision says, voters have not said."""
    return [
        (lifecycle, row, list(fields(root, root)))
        for lifecycle, row in OF_PEOPLE
        if not issubclass(row.body, Tallied) and not of_decisions(row)
        for root in (row.body.model_json_schema(),)
    ]


def numbers() -> Iterator[Bound]:
    """Each bound of a number, just beyond it, and zero."""
    for lifecycle, row, schemas in rows():
        for path, schema in schemas:
            if schema.get("type") not in ("integer", "number") or not isinstance(path[-1], str):
                continue
            beyond = {
                "above": schema["maximum"] + 1 if "maximum" in schema else schema.get("exclusiveMaximum"),
                "below": schema["minimum"] - 1 if "minimum" in schema else schema.get("exclusiveMinimum"),
            }
            for kind, value in beyond.items():
                if value is not None:
                    yield Bound(lifecycle, row, kind, path, value)


def times() -> Iterator[Bound]:
    """Each time that is past although it lies ahead, ahead although it tells what was, or too far ahead."""
    for lifecycle, row, schemas in rows():
        for path, schema in dict(schemas).items():
            if schema.get("format") == "date-time" and path[-1] in AHEAD | BEFORE:
                is_ahead = path[-1] in AHEAD
                kind, value = ("past", PAST) if is_ahead else ("future", FUTURE)
                yield Bound(lifecycle, row, kind, path, value)
        for name, bound in marks(row.body, AheadLimit).items():
            yield Bound(lifecycle, row, "beyond", (name,), from_now(bound.ahead.days + 1))


def pairs() -> Iterator[Bound]:
    """The second field of each pair of times."""
    for lifecycle, row, schemas in rows():
        names = {path[-1]: path for path, schema in schemas if schema.get("format") == "date-time"}
        for first, second in PAIRS:
            if first in names and second in names and names[first][:-1] == names[second][:-1]:
                yield Bound(lifecycle, row, f"reversed {first}", names[second], None)


def put(body: Any, path: tuple[str, ...], value: Any) -> bool:
    """Set the value there, if the body has the part."""
    *parts, last = path
    for part in parts:
        if isinstance(body, list):
            if not body:
                return False
            body = body[int(part)]
        elif not body.get(part):
            return False
        else:
            body = body[part]
    if isinstance(body, list):
        body[int(last) :] = [value]
    else:
        body[last] = value
    return True


@each_case("bound", numbers, ids=str, one_of_each=lambda bound: (bound.kind, bound.path[-1]))
async def test_a_number_just_beyond_its_bound_is_refused_at_its_field(world: World, bound: Bound) -> None:
    sample: Any = deepcopy(SAMPLES[bound.row.body]()) if bound.row.body in SAMPLES else {}
    if not put(sample, bound.path, bound.value):
        return
    with pytest.raises(ValidationError) as refused:
        bound.row.body.model_validate(sample)
    places = [[str(part) for part in error["loc"]] for error in refused.value.errors()]
    assert any(set(bound.path) <= set(place) for place in places), places


async def _tried(world: World, bound: Bound, client_body: Any = None) -> None:
    lifecycle, row = bound.lifecycle, bound.row
    state = possible_states(lifecycle, row)[0] if not row.opens else None
    record = None if state is None else await world.make_record(lifecycle, state, row)
    path = f"/v1/{lifecycle.plural}" if record is None else record_address(lifecycle, record)
    body = deepcopy(await valid_body(world.everybody, row, path))
    if bound.value is not None:
        if not put(body, bound.path, bound.value):
            return
    else:
        first = (*bound.path[:-1], bound.kind.rpartition(" ")[2])
        if not (put(body, first, "2190-02-02T00:00:00Z") and put(body, bound.path, "2190-02-01T00:00:00Z")):
            return
    head = await world.api.head()
    answer = await send(world.everybody, lifecycle, row, record, body)
    assert answer.status_code == 422, answer.text[:300]
    pointers = [
        name for error in answer.json()["errors"] for name in (error["pointer"] or "", *error["members"])
    ]
    assert any(bound.path[-1] in name or bound.kind.rpartition(" ")[2] in name for name in pointers), pointers
    assert await world.api.head() == head


@each_case(
    "bound",
    lambda: (*times(), *pairs()),
    ids=str,
    one_of_each=lambda bound: bound.kind.partition(" ")[0],
)
async def test_a_time_on_the_wrong_side_is_refused_at_its_field(world: World, bound: Bound) -> None:
    await _tried(world, bound)


#: Times without a side of their own, by why.
EITHER = {
    "begins_at": "a pair",
    "effective_at": "the day of the cutover, or the publication's own bounds",
    "from_at": "a pair",
    "opens_at": "a pair",
    "pilot_begins_at": "a pilot is planned while it begins",
    "planned_at": "a training that was held is recorded afterwards",
    "quiet_from_at": "a pair",
    "quiet_until_at": "a pair",
    "return_starts_at": "a pair",
    "starts_at": "a pair",
    "valid_from_at": "a target of a period that has begun",
    "valid_until_at": "a pair",
    "wanted_at": "with a reason for the short notice",
    "wanted_from_at": "a pair",
}


def test_every_time_of_an_action_has_its_side() -> None:
    names = {
        str(path[-1])
        for *_, schemas in rows()
        for path, schema in schemas
        if schema.get("format") == "date-time"
    }
    assert names == AHEAD | BEFORE | EITHER.keys()
