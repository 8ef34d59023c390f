"""Holds what an action's event says against what was said, and folds it back to the row, field for field."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # it ships none
from pydantic import BaseModel

from app.common.personal import Personal, is_encrypted
from app.common.records import ForeignRef, Record, codecs, from_row, rows_with_parts
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import PartialPayload, marks, part_types
from app.kernel.histories.history import fold
from app.kernel.ledger import Ledger
from app.log import read
from app.log.canonical import from_instant
from app.log.events import Recorded, id_of, kind_of, stream
from app.registry import LIFECYCLES
from tests.client import Json
from tests.contract.logged import catalogue
from tests.every_action.world import World

EVENTS = catalogue()
RECORDS: dict[str, type[Record]] = {lifecycle.kind: lifecycle.record for lifecycle in LIFECYCLES}


async def rows_of(ledger: Ledger, events: list[Recorded]) -> dict[str, Record | None]:
    """Every row that the events touch, as it stands."""
    classes = {record.KIND: record for lc in LIFECYCLES for record in (lc.record, *lc.children)}
    ids: dict[type[Record], dict[UUID, str]] = {}
    for key in {key for event in events for key in event.data["set"]}:
        ids.setdefault(classes[kind_of(key)], {})[UUID(key.split("/")[1])] = key
    records: dict[str, Record | None] = {}
    for record_class, keys in ids.items():
        query = f"select * from {rows_with_parts(record_class)} r where id = any(%s)"
        rows = {row["id"]: row for row in await ledger.db.rows(query, (list(keys),))}
        for column, key in keys.items():
            records[key] = from_row(record_class, rows[column]) if column in rows else None
    return records


async def events_of(world: World, lifecycle: Lifecycle[Any], record: Json) -> list[Recorded]:
    return await read.stream_events(world.api.ledger.db, f"{lifecycle.kind}/{record['id']}")


async def assert_folds_back(world: World, events: list[Recorded]) -> None:
    stand = await rows_of(world.api.ledger, events)
    for key, record in stand.items():
        if record is None:
            last = [event.data["set"][key] for event in events if key in event.data["set"]][-1]
            assert last is None, "a row that is gone was removed"
            continue
        folded = fold(type(record), key, events)
        assert folded is not None
        for name in ("id", "version", "changed_at", *codecs(type(record))):
            assert getattr(folded, name) == getattr(record, name), f"{name} of {key}"


async def assert_says_who_and_what(world: World, event: Recorded, row: Action[Any, Any], body: Json) -> None:
    """The envelope, and in `given` what was said: no more and no less."""
    assert event.actor == f"person:{world.everybody.id}"
    assert event.credential is not None
    assert event.credential.startswith("key:")
    await assert_says_what(world, event, row, body)


async def assert_says_what(world: World, event: Recorded, row: Action[Any, Any], body: Json) -> None:
    assert event.type in row.events
    assert (event.source, event.source_ref) == ("api", None)
    for_whom = [
        body[name]
        for name, mark in marks(row.body, ForeignRef).items()
        if mark.on_behalf and body.get(name, "me") != "me"
    ]
    assert event.on_behalf_of == (f"person:{for_whom[0]}" if for_whom else None)
    _schema(event.type).validate(event.data["given"])
    assert event.data.keys() == {"given", "set"}
    part_keys = {stream(part.KIND, id_of(event.stream)) for part in RECORDS[kind_of(event.stream)].PARTS}
    for key, fields in event.data["set"].items():
        is_touched = key == event.stream and not part_keys.isdisjoint(event.data["set"])
        assert fields is None or fields or is_touched, "a row that nothing was set on is not in `set`"
        assert not {"id", "version", "changed_at"} & (fields or {}).keys()
    payload = event.data["given"]
    # The secret of a key or a source is made by the server, and the address and the template of a
    # subscription, which may hold one, are encrypted; of a calendar's address
    # the origin is kept beside it. What has a default is kept with it.
    added_fields = {"secret_hash", "sealed_secret", "secret_fingerprint", "origin"}
    encrypted = {"url", "template"} & body.keys() - payload.keys()
    kept_fields = {name: value for name, value in body.items() if name not in encrypted}
    if encrypted:
        added_fields |= {"sealed_url", "sealed_template"}
    added_fields -= body.keys()  # what was said is not added
    assert payload.keys() - added_fields == kept_fields.keys() | _defaults(row, body)
    await assert_kept(world, row.body, payload, kept_fields)


@cache
def _schema(event_type: str) -> Draft202012Validator:
    schema = EVENTS["types"][event_type]["given"]
    return Draft202012Validator(schema, format_checker=FormatChecker())


async def assert_kept(world: World, model: type[BaseModel], body: Json, fields: Json) -> None:
    texts = await world.api.ledger.vault.texts(
        v for v in body.values() if isinstance(v, str) and is_encrypted(v)
    )
    names, words = marks(model, ForeignRef), marks(model, Personal)
    for name, value in fields.items():
        if name in part_types(model):
            for one_given, one_said in zip(body[name], value, strict=True):
                assert one_given.keys() == one_said.keys()
                await assert_kept(world, part_types(model)[name], one_given, one_said)
        elif name in words:
            assert texts[body[name]] == value
        elif value is None:
            assert body[name] is None
        elif name in names:
            ids = [body[name]] if isinstance(value, str) else body[name]
            assert [str(UUID(identifier)) for identifier in ids] == ids
        elif name.endswith("_at"):
            assert from_instant(body[name]) == datetime.fromisoformat(value)
        else:
            assert body[name] == value


def _defaults(row: Action[Any, Any], body: Json) -> set[str]:
    """Fields that were not said and have a value all the same. An edit keeps only what was said."""
    if issubclass(row.body, PartialPayload):
        return set()
    return {
        name
        for name, field in row.body.model_fields.items()
        if name not in body
        and not field.is_required()
        and field.default_factory is None
        and field.default is not None
    }
