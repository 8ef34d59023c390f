"""The timeline of a record: its events in words, with actor, time, text, and changes (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markupsafe import Markup

from app.api.event_actions import action_of_event
from app.api.open_actions import action_link
from app.common.records import Record, all_codecs
from app.common.times.clocks import ClockEventType
from app.contract.schemas import Schema
from app.desk.forms.fields import FieldKind
from app.desk.values import EMPTY, TABLE, ShownField, ValueDisplay, label_of
from app.i18n import translate
from app.i18n.past_tense import past_tense
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.service_level_engine.targets import Metric

#: Members of payloads that a timeline shows otherwise.
OMITTED_FIELDS = frozenset({"occurred_at"})
#: Fields whose changes are not listed, since the state is described in words elsewhere.
UNREAD_CHANGES = frozenset({"id", "version", "number", "state", "state_since", "changed_at", "recorded_at"})
#: The end of the name of a field that refers to a record.
REFERENCE_SUFFIX = "_id"
#: What stands between acts, and between those who hold something, in each language.
SEPARATORS = {"en": "; ", "zh": "；"}
#: Kinds whose records hold work.
HOLDERS = frozenset({"person", "team"})
#: The field of a row within a record that names the record. The event that adds the row sets it.
RECORD = "record"
#: Fields of a record before its first event.
NOTHING_BEFORE: Mapping[str, Any] = {}
#: The state of a ticket that waits.
HOLD_STATE = "on_hold"
#: The state whose beginning is not its end: what is being investigated has not been yet.
INVESTIGATED_STATE = "investigating"
#: The end of the name of a time.
INSTANT_SUFFIX = "_at"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A change of a field: its label, and its values before and after, if any."""

    name: str
    label: str
    before: Markup
    after: Markup


@dataclass(frozen=True, slots=True)
class NarratedEvent:
    """An event in words: its version, time, actor and action, and the state to which the event led.

    `texts` are the written texts, `changes` the changes of the record's fields, and `values` the other values
    of the payload. `rows` are the names, in the log, of added or changed rows within the record, and
    `added_rows` those of the added ones. `is_by_person` is False for events of programs.
    """

    version: int
    occurred_at: str
    instant: Markup
    actor: str
    label: str
    state: str
    texts: tuple[ShownField, ...]
    changes: tuple[FieldChange, ...]
    values: tuple[ShownField, ...]
    rows: frozenset[str]
    added_rows: frozenset[str]
    is_of_clock: bool
    is_by_person: bool


def timeline(
    display: ValueDisplay,
    lifecycle: Lifecycle[Any],
    events: Collection[Mapping[str, Any]],
    names: Mapping[str, Any],
    before: Mapping[str, Any] = NOTHING_BEFORE,
) -> list[NarratedEvent]:
    """Return the entries of these events, the newest first. `names` are those of persons and teams by id;
    `changed` of an event are the fields of the record that it set, and `before` the fields of the record
    before the first event. Texts that stand by themselves on the page of the record are left out.
    """
    stored = {**before, **{f"{name}{REFERENCE_SUFFIX}": value for name, value in before.items()}}
    narrator = _Narrator(display, lifecycle, names, stored)
    entries = [
        (event["occurred_at"], event["position"], narrator.entry(event))
        for event in sorted(events, key=lambda each: each["position"])
    ]
    return [entry for _, _, entry in sorted(entries, key=lambda each: each[:2], reverse=True)]


@dataclass
class _Narrator:
    """Puts the events of a record into words, one after the other; `stored` are the fields that earlier ones
    have set.
    """

    display: ValueDisplay
    lifecycle: Lifecycle[Any]
    names: Mapping[str, Any]
    stored: dict[str, Any] = field(default_factory=dict)

    def entry(self, event: Mapping[str, Any]) -> NarratedEvent:
        """Return the event in words."""
        is_of_clock = event["clock"] is not None
        row = action_of_event(self.lifecycle, event["type"], event["given"] or ())
        changed: Mapping[str, Any] = {} if is_of_clock else event["changed"]
        payload: Mapping[str, Any] = named_in(event["given"], self.names)
        is_by_person = event["actor"].startswith("person:")
        payload_row = None if row is None else self._row_of_payload(row, event["type"])
        texts, rest = self._given_fields(payload_row, changed, payload, is_by_person=is_by_person)
        changes = () if row is None or row.opens else tuple(self._changes(changed, payload, texts))
        holders = [] if row is None or row.opens else list(self._holders(changed))
        self.stored.update(changed)
        return NarratedEvent(
            event["version"],
            event["occurred_at"],
            self.display.instant(event["occurred_at"]),
            self._actor_name(event),
            self._label_with(self._label(row, event), holders),
            self._state(row, changed),
            tuple(self.display.fields(payload, texts)),
            changes,
            tuple(self.display.fields(payload, rest)),
            frozenset(name for name, fields in event["set"].items() if fields),
            frozenset(name for name, fields in event["set"].items() if RECORD in (fields or ())),
            is_of_clock=is_of_clock,
            is_by_person=is_by_person,
        )

    def _row_of_payload(self, row: Action[Any, Any], event_type: str) -> Action[Any, Any] | None:
        """Return the row whose form has the fields of the event, which an earlier version may have given."""
        body = row.payload_of(event_type)
        return next((other for other in self.lifecycle.rows if other.body is body), None)

    def _label(self, row: Action[Any, Any] | None, event: Mapping[str, Any]) -> str:
        language = self.display.language
        if event["clock"] is not None:
            metric = label_of(Metric, event["clock"]["metric"], language)
            return f"{metric}: {ClockEventType(event['type']).label(language)}"
        if row is None:
            return self.display.sentence("observed" if event["observed"] else "happened")
        return past_label(row, language)

    def _label_with(self, label: str, holders: Sequence[str]) -> str:
        if not holders:
            return label
        words = SEPARATORS[self.display.language].join(holders)
        return self.display.sentence("did_with", did=label, holders=words)

    def _state(self, row: Action[Any, Any] | None, changed: Mapping[str, Any]) -> str:
        if row is None or row.opens or changed.get("state") is None:
            return ""
        return label_of(self.lifecycle.states, changed["state"], self.display.language)

    def _actor_name(self, event: Mapping[str, Any]) -> str:
        account, _, name = event["actor"].partition(":")
        if account in ("person", "integration"):
            return self.names.get(name) or self.display.sentence("somebody")
        return self.display.sentence(account)

    def _given_fields(
        self,
        row: Action[Any, Any] | None,
        changed: Mapping[str, Any],
        payload: Mapping[str, Any],
        *,
        is_by_person: bool,
    ) -> tuple[dict[str, Schema], dict[str, Schema]]:
        """Return the fields of the payload in which people write, and the rest that no field of the record
        shows. A correction only changes fields; the record itself shows what opened it.
        """
        if row is None:
            return {}, {}
        schema = action_link(self.lifecycle, row).body_schema
        schemas = {
            name: schema
            for name, schema in self.display.contract.payload_fields(schema).items()
            if name not in OMITTED_FIELDS and schema.get("x-reference", {}).get("within") != "record"
        }
        written = self._written_fields(schema) if is_by_person or row.opens else frozenset()
        texts = {n: s for n, s in schemas.items() if n in written and row.name != "edit"}
        apart = frozenset(self.lifecycle.face.texts or ()) & texts.keys()
        texts = {n: s for n, s in texts.items() if n not in apart}
        if row.opens:
            return texts, {}
        known_values = [*changed.values(), *self.stored.values()]
        rest = {n: s for n, s in schemas.items() if n not in (texts.keys() | changed.keys() | apart)}
        return texts, {n: s for n, s in rest.items() if not _is_among(known_values, payload.get(n))}

    def _written_fields(self, schema: str) -> frozenset[str]:
        fields = self.display.contract.form(schema).fields
        return frozenset(field.name for field in fields if field.kind is FieldKind.paragraph)

    def _changes(
        self, changed: Mapping[str, Any], payload: Mapping[str, Any], texts: Collection[str]
    ) -> Iterator[FieldChange]:
        """Yield the changes of fields that people read: without times and counts that people did not enter,
        and without the texts.
        """
        schemas = self.display.contract.record_fields(self.lifecycle.plural) or {}
        written = [payload.get(name) for name in texts]
        for stored_name, after in changed.items():
            name, before = stored_name.removesuffix(REFERENCE_SUFFIX), self.stored.get(stored_name)
            if name not in schemas or name in UNREAD_CHANGES or after == before or after in written:
                continue
            if before in EMPTY and name in (self.lifecycle.face.texts or ()):
                continue
            is_read = isinstance(after or before, str | dict | list) and not name.endswith(INSTANT_SUFFIX)
            if name in payload or is_read:
                yield FieldChange(
                    name,
                    self.display.contract.field_label(name, schemas[name], self.display.language),
                    self._value(before, schemas[name], name),
                    self._value(after, schemas[name], name),
                )

    def _holders(self, changed: Mapping[str, Any]) -> Iterator[str]:
        """Yield the persons and teams that the event put in the place of others, each with the field's
        label.
        """
        schemas = self.display.contract.record_fields(self.lifecycle.plural) or {}
        for stored_name in [name for name in _holding_fields(self.lifecycle) if name in changed]:
            name = stored_name.removesuffix(REFERENCE_SUFFIX)
            now, before = (_spoken_name(each.get(stored_name)) for each in (changed, self.stored))
            if name in schemas and now != before:
                label = self.display.contract.field_label(name, schemas[name], self.display.language)
                code = "holder_named" if not before else "holder_changed" if now else "holder_removed"
                yield self.display.sentence(code, field=label, now=now, before=before)

    def _value(self, value: Any, schema: Schema, name: str) -> Markup:
        return self.display.html(None if value in EMPTY else value, schema, name)


def past_label(row: Action[Any, Any], language: str) -> str:
    """Return what somebody did by the action; a ticket is not held as a meeting is, and to
    begin to investigate is not to have done so.
    """
    if any(state.value == HOLD_STATE for state in row.leads_to):
        return translate(language, TABLE, "put_on_hold", {})
    if any(state.value == INVESTIGATED_STATE for state in row.leads_to) and row.name == "investigate":
        return translate(language, TABLE, "investigation_begun", {})
    return past_tense(row.label(language), language)


@cache
def _holding_fields(lifecycle: Lifecycle[Any]) -> tuple[str, ...]:
    """Return the fields of such records that name a person or a team, in their order."""
    record: type[Record] = lifecycle.record
    codecs = all_codecs(record).items()
    return tuple(name for name, codec in codecs if codec.refers is not None and codec.refers.kind in HOLDERS)


def _spoken_name(value: Any) -> str:
    """Return the name of a person or a team; empty without one."""
    return "" if value in EMPTY or isinstance(value, list) else str(_name_of(value) or "")


def _is_among(values: Collection[Any], value: Any) -> bool:
    """Return whether the value is one of these, or the name of one of these."""
    return value not in EMPTY and any(_name_of(value) == _name_of(each) for each in values)


def _name_of(value: Any) -> Any:
    return value.get("name", value) if isinstance(value, dict) else value


def named_in(value: Any, names: Mapping[str, Any]) -> Any:
    """Return the value with the names of persons and teams in the place of their ids."""
    if isinstance(value, dict):
        return {name: named_in(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [named_in(inner, names) for inner in value]
    return (names.get(value) or value) if isinstance(value, str) else value
