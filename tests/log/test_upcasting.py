"""Up-casters: events of before in the form of now, the same in Python and in SQL."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.common.records import codecs
from app.log import read
from app.log.events import stream
from app.log.ids import uuid7
from app.log.upcasting import (
    AGREEMENT_PARTS,
    CHANGE_PARTS,
    IMPROVEMENT_PARTS,
    REQUEST_PARTS,
    UPCASTERS,
    current_version,
    move_fields,
    upcast,
)
from app.log.writer import Writer
from app.platform.db import Connection, Database, fetch_value
from app.registry import LIFECYCLES_BY_KIND
from app.service_levels.clocks import agreement_history, timeline
from tests.conftest import DatabaseUrls
from tests.contract.logged import MADE_UP
from tests.log.commands import event_only

ID = "0199a000-0000-7000-8000-000000000001"
OTHER = "0199a000-0000-7000-8000-000000000002"
#: A loan whose return was split off: a row of it, and the names of its fields.
CHILDREN = {"loan_return": ["returned_at", "condition"], "loan_fine": ["fine"]}
OLD: dict[str, Any] = {
    "given": {"returned_at": "2026"},
    "set": {
        f"loan/{ID}": {"state": "returned", "returned_at": "2026", "fine": None},
        f"loan/{OTHER}": None,
        f"loan_note/{ID}": {"fine": "a field of another row"},
        f"task/{OTHER}": None,
    },
    "late": {f"loan/{ID}": {"condition": "good"}},
}
NEW: dict[str, Any] = {
    "given": {"returned_at": "2026"},
    "set": {
        f"loan/{ID}": {"state": "returned"},
        f"loan_return/{ID}": {"record": f"loan/{ID}", "returned_at": "2026"},
        f"loan_fine/{ID}": {"record": f"loan/{ID}", "fine": None},
        f"loan/{OTHER}": None,
        f"loan_note/{ID}": {"fine": "a field of another row"},
        f"task/{OTHER}": None,
    },
    "late": {f"loan/{ID}": {}, f"loan_return/{ID}": {"record": f"loan/{ID}", "condition": "good"}},
}
NOTHING: dict[str, Any] = {"given": {}, "set": {}}
#: The fields that moved to parts, by the kind of the record and of the part.
MOVED = {
    "improvement": IMPROVEMENT_PARTS,
    "change": CHANGE_PARTS,
    "request": REQUEST_PARTS,
    "sla": AGREEMENT_PARTS,
}


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (NEW, NEW), (NOTHING, NOTHING)])
async def test_fields_move_to_child_rows_alike_in_python_and_in_sql(
    eyes: Connection, old: dict[str, Any], new: dict[str, Any]
) -> None:
    children = {kind: frozenset(names) for kind, names in CHILDREN.items()}
    assert move_fields("loan", children)(old) == new
    arguments = (orjson.dumps(old).decode(), orjson.dumps(CHILDREN).decode())
    assert await fetch_value(eyes, "select log.move_fields(%s::jsonb, 'loan', %s::jsonb)", *arguments) == new


@pytest.mark.parametrize("kind", MOVED)
async def test_each_field_that_moved_is_known_to_python_and_to_sql(eyes: Connection, kind: str) -> None:
    parts = {part.KIND: set(codecs(part)) - {"record"} for part in LIFECYCLES_BY_KIND[kind].record.PARTS}
    assert MOVED[kind].keys() <= parts.keys(), "some parts have only fields that were never elsewhere"
    assert all(names <= parts[part] for part, names in MOVED[kind].items())
    # A field that only one of the two knows is among those of the parts.
    fields = {name: "so" for names in parts.values() for name in names}
    data = {"given": {}, "set": {f"{kind}/{ID}": {"state": "new", **fields}}}
    arguments = (f"{kind}.edited", orjson.dumps(data).decode())
    in_sql = await fetch_value(eyes, "select log.upcast(%s, 1::smallint, %s::jsonb)", *arguments)
    assert in_sql == upcast(f"{kind}.edited", 1, data)


def test_clocks_which_read_the_log_as_it_is_read_no_field_that_moved() -> None:
    moved = frozenset[str]().union(*(names for kind in ("request", "sla") for names in MOVED[kind].values()))
    assert moved.isdisjoint({*agreement_history.FIELDS, *timeline.ATTRIBUTES, *timeline.DIMENSIONS})


async def test_a_training_that_a_request_had_recorded_has_its_present_kind(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    name, child = stream("request", uuid7()), f"training/{uuid7()}"
    data = {"given": {}, "set": {child: {"record": name, "topics": ["mail"]}}}
    await log.write(event_only(name, type="request.training_recorded", correlation_id=MADE_UP, data=data))
    db = Database(place.url, 1)
    await db.open()
    (event,) = await read.stream_events(db, name)
    await db.close()
    assert event.data["set"] == {f"request_{child}": {"record": name, "topics": ["mail"]}}
    assert event.schema_version == 2
    assert await fetch_value(eyes, "select data from log.told") == event.data


def test_types_without_up_casters_are_in_version_1() -> None:
    assert current_version("team.told") == 1
    assert upcast("team.told", 1, OLD) is OLD


@pytest.mark.parametrize("name", UPCASTERS)
def test_up_casters_leave_the_present_form_as_it_is(name: str) -> None:
    assert upcast(name, current_version(name), OLD) is OLD
    assert upcast(name, 1, NOTHING) == NOTHING
