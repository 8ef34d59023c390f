"""Every action's event says what was said and by whom, and folds back to the row, field for field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # it ships none
from pydantic import BaseModel

from app.common.people import rule
from app.common.personal import Personal, is_sealed
from app.common.records import Labelled, Record, Refers, codecs, from_row
from app.kernel.bodies import Patch, marks, parts
from app.kernel.describe import catalogue
from app.kernel.history import fold
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.rebuild import compare
from app.log import read
from app.log.canonical import canonical, from_instant
from app.log.events import Recorded, kind_of
from app.registry import LIFECYCLES
from tests.client import Json
from tests.every_action.samples import said as what_is_said
from tests.every_action.samples import sample
from tests.every_action.world import (
    OF_PEOPLE,
    OF_RULES,
    OPEN_IN,
    OPEN_TO_RULES,
    ROWS,
    World,
    address,
    at,
    called,
    done,
)
from tests.people import act

EVENTS = catalogue(LIFECYCLES)


async def rows_of(ledger: Ledger, events: list[Recorded]) -> dict[str, Record | None]:
    """Every row that the events touch, as it stands."""
    classes = {record.KIND: record for lc in LIFECYCLES for record in (lc.record, *lc.children)}
    found: dict[str, Record | None] = {}
    for key in {key for event in events for key in event.data["set"]}:
        record_class = classes[kind_of(key)]
        query = f"select * from fold.{record_class.KIND} where id = %s"
        row = await ledger.db.row(query, (key.split("/")[1],))
        found[key] = None if row is None else from_row(record_class, row)
    return found


async def events_of(world: World, lifecycle: Lifecycle[Any], record: Json) -> list[Recorded]:
    return await read.of_stream(world.api.ledger.db, f"{lifecycle.kind}/{record['id']}")


async def assert_folds_back(world: World, events: list[Recorded]) -> None:
    stand = await rows_of(world.api.ledger, events)
    for key, record in stand.items():
        if record is None:
            assert events[-1].data["set"][key] is None, "a row that is gone was removed"
            continue
        folded = fold(type(record), key, events)
        assert folded is not None
        for name in ("id", "version", "changed_at", *codecs(type(record))):
            assert getattr(folded, name) == getattr(record, name), f"{name} of {key}"


async def assert_says_who_and_what(world: World, event: Recorded, row: Action[Any, Any], said: Json) -> None:
    """The envelope, and in `given` what was said: no more and no less."""
    assert event.actor == f"person:{world.everybody.id}"
    assert event.credential is not None
    assert event.credential.startswith("key:")
    await assert_says_what(world, event, row, said)


async def assert_says_what(world: World, event: Recorded, row: Action[Any, Any], said: Json) -> None:
    assert event.type == row.event
    assert (event.source, event.source_ref) == ("api", None)
    for_whom = [
        said[name]
        for name, mark in marks(row.body, Refers).items()
        if mark.on_behalf and said.get(name, "me") != "me"
    ]
    assert event.on_behalf_of == (f"person:{for_whom[0]}" if for_whom else None)
    schema = EVENTS["types"][row.event]["given"]
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(event.data["given"])
    assert event.data.keys() == {"given", "set"}
    for fields in event.data["set"].values():
        assert fields is None or fields, "a row that nothing was set on is not in `set`"
        assert not {"id", "version", "changed_at"} & (fields or {}).keys()
    given = event.data["given"]
    # The secret of a key is made by the server; what has a default is kept with it.
    assert given.keys() - {"secret_hash"} == said.keys() | _defaults(row, said)
    await assert_kept(world, row.body, given, said)


async def assert_kept(world: World, model: type[BaseModel], given: Json, said: Json) -> None:
    texts = await world.api.ledger.vault.texts(
        v for v in given.values() if isinstance(v, str) and is_sealed(v)
    )
    names, words = marks(model, Refers), marks(model, Personal)
    for name, value in said.items():
        if name in parts(model):
            for one_given, one_said in zip(given[name], value, strict=True):
                assert one_given.keys() == one_said.keys()
                await assert_kept(world, parts(model)[name], one_given, one_said)
        elif name in words:
            assert texts[given[name]] == value
        elif name in names:
            ids = [given[name]] if isinstance(value, str) else given[name]
            assert [str(UUID(one)) for one in ids] == ids
        elif name.endswith("_at"):
            assert from_instant(given[name]) == datetime.fromisoformat(value)
        else:
            assert given[name] == value


def _defaults(row: Action[Any, Any], said: Json) -> set[str]:
    """Fields that were not said and have a value all the same. An edit keeps only what was said."""
    if issubclass(row.body, Patch):
        return set()
    return {
        name
        for name, field in row.body.model_fields.items()
        if name not in said
        and not field.is_required()
        and field.default_factory is None
        and field.default is not None
    }


@pytest.mark.parametrize(("lifecycle", "row", "state"), OPEN_IN, ids=called)
async def test_its_event_folds_back_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: Labelled
) -> None:
    record = await world.bring(lifecycle, state, row)
    said = await what_is_said(world.everybody, row, at(lifecycle, record))
    before = len(await events_of(world, lifecycle, record))
    await done(world.everybody, lifecycle, row, record, said)
    events = await events_of(world, lifecycle, record)
    assert [event.version for event in events] == list(range(1, before + 2))
    await assert_says_who_and_what(world, events[-1], row, said)
    await assert_folds_back(world, events)


@pytest.mark.parametrize(("lifecycle", "row", "state"), OPEN_TO_RULES, ids=called)
async def test_the_event_of_a_rule_folds_back_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: Labelled
) -> None:
    record = await world.bring(lifecycle, state, row)
    await world.by_rule(lifecycle, row, record)
    events = await events_of(world, lifecycle, record)
    assert (events[-1].actor, events[-1].credential) == ("rule:tests", None)
    await assert_says_what(world, events[-1], row, sample(row))
    await assert_folds_back(world, events)


@pytest.mark.parametrize(("lifecycle", "row"), [(lc, row) for lc, row in OF_PEOPLE if row.opens], ids=called)
async def test_its_first_event_folds_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    said = sample(row)
    record = await world.everybody.do(address(lifecycle, row, None), said)
    events = await events_of(world, lifecycle, record)
    assert len(events) == 1
    await assert_says_who_and_what(world, events[0], row, said)
    assert None not in events[0].data["set"][f"{lifecycle.kind}/{record['id']}"].values()
    await assert_folds_back(world, events)


@pytest.mark.parametrize(("lifecycle", "row"), [(lc, row) for lc, row in OF_RULES if row.opens], ids=called)
async def test_a_rules_first_event_folds_to_the_row(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    said = sample(row)
    made = await act(world.api.ledger, rule("tests"), lifecycle.kind, row.name, body=row.body(**said))
    events = await events_of(world, lifecycle, {"id": made.record.id})
    await assert_says_what(world, events[0], row, said)
    await assert_folds_back(world, events)


async def test_after_all_of_it_the_whole_log_folds_into_the_tables_in_sql_too(world: World) -> None:
    for lifecycle in LIFECYCLES:
        for state in lifecycle.states:
            await world.bring(lifecycle, state)
    async with world.api.ledger.db.connection() as connection:
        comparison = await compare(connection, LIFECYCLES)
    assert comparison.events == await world.api.head()
    assert (comparison.differing, comparison.shown) == ({}, [])


async def test_what_the_log_keeps_are_canonical_bytes_that_hold_no_plain_words(world: World) -> None:
    for lifecycle in LIFECYCLES:
        for state in lifecycle.states:
            await world.bring(lifecycle, state)
    kept = await world.api.ledger.db.rows("select data from log.event")
    assert kept
    for row in kept:
        assert canonical(json.loads(row["data"])) == row["data"]
    words = [value for lc, row in ROWS for value in _words(row)]
    everything = b"".join(row["data"] for row in kept)
    assert [text for text in words if text.encode() in everything] == []


def _words(row: Action[Any, Any]) -> list[str]:
    """The texts of the sample that are personal."""
    return list(_words_of(row.body, sample(row)))


def _words_of(model: type[BaseModel], said: Json) -> Iterator[str]:
    for name, value in said.items():
        if name in marks(model, Personal):
            yield value
        for part in value if name in parts(model) else ():
            yield from _words_of(parts(model)[name], part)
