"""The timeline of a record: its events in words, with who, when, and with which values (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.api.open_actions import action_link
from app.common.times.clocks import ClockEventType
from app.contract.schemas import Schema
from app.desk.values import ShownField, ValueDisplay, label_of
from app.kernel.actions.lifecycle import Lifecycle
from app.service_level_engine.targets import Metric

#: Members of payloads that a timeline shows otherwise.
OMITTED_FIELDS = frozenset({"occurred_at"})


@dataclass(frozen=True, slots=True)
class NarratedEvent:
    """An event in words: its version and time, who did it, and the values that were given with it."""

    version: int
    instant: Markup
    actor: str
    label: str
    values: tuple[ShownField, ...]
    is_of_clock: bool


def timeline(
    display: ValueDisplay,
    lifecycle: Lifecycle[Any],
    events: Collection[Mapping[str, Any]],
    names: Mapping[str, Any],
) -> Iterator[NarratedEvent]:
    """Yield the entries of these events, the newest first. `names` are those of persons and teams by id."""
    for event in sorted(events, key=lambda each: (each["occurred_at"], each["position"]), reverse=True):
        yield NarratedEvent(
            event["version"],
            display.instant(event["occurred_at"]),
            _actor_name(display, event, names),
            _label(display, lifecycle, event),
            tuple(_values(display, lifecycle, event, names)),
            is_of_clock=event["clock"] is not None,
        )


def _label(display: ValueDisplay, lifecycle: Lifecycle[Any], event: Mapping[str, Any]) -> str:
    if event["clock"] is not None:
        metric = label_of(Metric, event["clock"]["metric"], display.language)
        return f"{metric}: {ClockEventType(event['type']).label(display.language)}"
    row = next((row for row in lifecycle.rows if event["type"] in row.events), None)
    if row is None:
        return display.sentence("observed" if event["observed"] else "happened")
    return row.label(display.language)


def _actor_name(display: ValueDisplay, event: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    account, _, name = event["actor"].partition(":")
    if account in ("person", "integration"):
        return names.get(name) or display.sentence("somebody")
    return display.sentence(account)


def _values(
    display: ValueDisplay, lifecycle: Lifecycle[Any], event: Mapping[str, Any], names: Mapping[str, Any]
) -> Iterator[ShownField]:
    """Yield what was given with the event, as far as its action says what that means."""
    kind = event["type"]
    bodies = (row.payload_of(kind) for row in lifecycle.rows if kind in row.events)
    row = next((row for body in bodies for row in lifecycle.rows if row.body is body), None)
    if row is None:
        return
    schemas = display.contract.payload_fields(action_link(lifecycle, row).body_schema)
    read_fields = {name: schema for name, schema in schemas.items() if name not in OMITTED_FIELDS}
    yield from display.fields(named_in(event["given"], names), _without_ids(read_fields))


def named_in(value: Any, names: Mapping[str, Any]) -> Any:
    """Return the value with the names of persons and teams in the place of their ids."""
    if isinstance(value, dict):
        return {name: named_in(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [named_in(inner, names) for inner in value]
    return (names.get(value) or value) if isinstance(value, str) else value


def _without_ids(schemas: Mapping[str, Schema]) -> Mapping[str, Schema]:
    """Return the fields without those that name a row of the record, which nobody reads."""
    return {
        name: schema
        for name, schema in schemas.items()
        if schema.get("x-reference", {}).get("within") != "record"
    }
