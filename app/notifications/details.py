"""Details of notices: the actor, and the fields of events and records that are shown to their readers.

They are read when they are shown, with the reader's rights at that time: a record that they do not see any
more shows no details, and fields for staff are shown to staff. Events, rows and names are fetched for all
notices of a page at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.common.components import Translated
from app.common.money import Money
from app.common.notices import NoticeType, Responsible
from app.common.people import Caller
from app.common.personal import is_encrypted
from app.common.records import ForeignRef, Hidden, Record, StaffOnly, from_row
from app.foundation.decisions.lookups import reasons_of
from app.foundation.decisions.records import Vote
from app.foundation.process_names import process_in_words
from app.i18n import translate
from app.kernel.access.redaction import Viewer, is_withheld, viewers
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.ledger import Ledger
from app.kernel.named_records import visible_streams
from app.log.events import id_of, kind_of
from app.notifications.quoted import (
    add_values_at_event,
    as_list,
    deadline_of,
    from_json,
    moment,
    service_names,
    span_of,
    stream_named,
    value_in_language,
)
from app.notifications.told_fields import (
    TOLD_FIELDS,
    asks_for_action,
    decision_of,
    field_label,
    is_withheld_place,
    shown_actor,
    usual_deadline,
    values_of_parts,
)
from app.service_levels.clocks.targets import targets_of

EVENTS = """
select e.id, e.stream, e.version, e.type, e.occurred_at, e.actor, e.on_behalf_of, e.staff_only,
  e.causation_id, e.data
from log.told e join unnest(%s::text[], %s::integer[]) as w(stream, version) using (stream, version)"""
CAUSES = "select id, stream, type, data from log.told where id = any(%s)"
ROWS = "select r.* from {table} r where r.id = any(%s)"
PERSON, TEAM, SERVICE, PROCESS = "person", "team", "service", "process"
#: Name of the detail with the time until which an act is requested that has no due time of its own.
ACT_BY = "act_by"
#: Places of values in the event that caused the notified one.
CAUSES_PLACES = frozenset({"cause", "seen"})
#: The places of values in the ballots that led to an outcome, and in the row that names the reader.
REASONS_PLACE, MINE = "reasons", "mine"

#: Id of a notice, with the stream and version of its event.
StepKey = tuple[UUID, str, int]


@dataclass(frozen=True, slots=True)
class Detail:
    """A field for the reader: its name, its label and its value in the reader's language. `is_text`: a
    person's words, which mails quote.
    """

    field: str
    label: str
    value: str
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class StepDetails:
    """The content of a notice of an event: its time, the name of the actor, the values to show, and the time
    until which the reader is to act.
    """

    occurred_at: datetime
    by: str | None
    details: tuple[Detail, ...]
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as it is stored, and the class and field that declare it."""

    name: str
    model: type[BaseModel]
    value: Any


@dataclass(slots=True)
class _Step:
    """An event of a notice, and the values to show from it. `own` are the rows whose values stand in the
    place `mine`.
    """

    key: StepKey
    step: NoticeType
    event: Mapping[str, Any]
    reader: UUID
    about: str
    viewer: Viewer
    reasons: Sequence[str]
    values: list[_Value] = field(default_factory=list)
    own: Sequence[str] = ()
    target_at: datetime | None = None


async def load_details(
    ledger: Ledger, language: str, caller: Caller, notices: Sequence[Mapping[str, Any]]
) -> dict[StepKey, StepDetails]:
    """Return the details of these notices' steps that the caller may see now. A record that they may not see
    has no details.
    """
    visible_records = await visible_streams(ledger, caller, {notice["about"] for notice in notices})
    visible = [notice for notice in notices if notice["about"] in visible_records]
    steps = [(notice, *step) for notice in visible for step in _steps_of(notice)]
    if not steps:
        return {}
    named = [stream for _, stream, *_ in steps], [version for _, _, version, _ in steps]
    events = {
        (row["stream"], row["version"]): {**row, "data": from_json(row["data"])}
        for row in await ledger.db.rows(EVENTS, named)
    }
    recorded = [step for step in steps if step[1:3] in events]
    await add_values_at_event(ledger, recorded, events)
    rows = await _rows(ledger, recorded, events)
    causes = await _causes(
        ledger, caller, [events[step[1:3]] for step in recorded if CAUSES_PLACES & _places(step[3])]
    )
    relations = await _relations(ledger, caller, rows, {notice["about"] for notice in visible})
    decided = [events[step[1:3]] for step in recorded if REASONS_PLACE in _places(step[3])]
    reasons = await reasons_of(ledger.db, {decision_of(event) for event in decided})
    targets = await targets_of(ledger, {step[0]["about"] for step in recorded if asks_for_action(step[3])})
    steps_with_events = []
    for notice, stream, version, step in recorded:
        about = notice["about"]
        detailed = _Step(
            (notice["id"], stream, version),
            *(step, events[stream, version], notice["person_id"], about, relations[about]),
            reasons.get(decision_of(events[stream, version]), ()),
        )
        detailed.target_at = targets.get(about)
        _collect(ledger, detailed, rows, causes)
        steps_with_events.append(detailed)
    return await _rendered(ledger, language, caller, steps_with_events)


def _gives_work(lifecycle: Lifecycle[Any], key: str, step: NoticeType) -> bool:
    """Return whether such rows give work: events that only change the person leave the rest to be read."""
    model = _children(lifecycle).get(kind_of(key), Record)
    return any(mark.step is step for mark in marks(model, Responsible).values())


def _steps_of(notice: Mapping[str, Any]) -> Iterable[tuple[str, int, NoticeType]]:
    streams = notice["streams"] or [notice["about"]] * len(notice["steps"])
    for stream, version, step in zip(streams, notice["versions"], notice["steps"], strict=True):
        yield stream, version, NoticeType(step)


def _paths(step: NoticeType) -> list[tuple[str, str]]:
    """Return the places and names of all fields that are shown for such a step."""
    declared = [path for path in TOLD_FIELDS.get(step, ()) for path in path.split("|")]
    return [(place, name) for place, _, name in (path.partition(".") for path in declared)]


def _places(step: NoticeType) -> set[str]:
    return {place for place, _ in _paths(step)}


def _keys(event: Mapping[str, Any], children: Mapping[str, type[Record]]) -> list[str]:
    """Return the keys of the child records that the event sets, or that its payload names by their kind."""
    named = {} if "observed" in event["data"] else event["data"].get("given") or {}
    return [key for key in event["data"]["set"] if kind_of(key) in children] + [
        f"{name}/{value}" for name, value in named.items() if name in children and isinstance(value, str)
    ]


def _children(lifecycle: Lifecycle[Any]) -> dict[str, type[Record]]:
    return {child.KIND: child for child in lifecycle.children}


async def _rows(
    ledger: Ledger, steps: Sequence[Any], events: Mapping[tuple[str, int], Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Return the present rows of the steps, by their keys."""
    ids_by_table: dict[str, set[UUID]] = {}
    for notice, stream, version, step in steps:
        lifecycle = ledger.lifecycles[kind_of(notice["about"])]
        ids_by_table.setdefault(lifecycle.source, set()).add(id_of(notice["about"]))
        places = _places(step)
        for key in _keys(events[stream, version], _children(lifecycle)):
            event = events[stream, version]
            is_mine = MINE in places and (
                _gives_work(lifecycle, key, step)
                or not any(_names(event, name, notice["person_id"]) for name in event["data"]["set"])
            )
            if kind_of(key) in places or is_mine:
                ids_by_table.setdefault(f'fold."{kind_of(key)}"', set()).add(id_of(key))
    tables = {lifecycle.source: kind for kind, lifecycle in ledger.lifecycles.items()}
    return {
        f"{tables.get(table) or table[6:-1]}/{row['id']}": row
        for table, ids in ids_by_table.items()
        for row in await ledger.db.rows(ROWS.format(table=table), (list(ids),))
    }


async def _causes(
    ledger: Ledger, caller: Caller, events: Iterable[Mapping[str, Any]]
) -> dict[UUID, Mapping[str, Any]]:
    """Return the events that caused these, by their ids, and whether the caller sees their records."""
    ids = [event["causation_id"] for event in events if event["causation_id"] is not None]
    rows = await ledger.db.rows(CAUSES, (ids,)) if ids else ()
    visible = await visible_streams(ledger, caller, {row["stream"] for row in rows})
    return {
        row["id"]: dict(row, data=from_json(row["data"]), is_seen=row["stream"] in visible) for row in rows
    }


async def _relations(
    ledger: Ledger, caller: Caller, rows: Mapping[str, Mapping[str, Any]], abouts: Iterable[str]
) -> dict[str, Viewer]:
    """Return the caller's relation to each record: staff see fields that others do not."""
    kinds: dict[str, list[str]] = {}
    for about in abouts:
        kinds.setdefault(kind_of(about), []).append(about)
    relations: dict[str, Viewer] = {}
    for kind, streams in kinds.items():
        lifecycle = ledger.lifecycles[kind]
        records = [from_row(lifecycle.record, dict(rows[name])) for name in streams if name in rows]
        related = await viewers(ledger.db, lifecycle, caller, records)
        relations |= dict(zip([name for name in streams if name in rows], related, strict=True))
        relations |= {name: Viewer.other for name in streams if name not in rows}
    return relations


def _collect(
    ledger: Ledger,
    step: _Step,
    rows: Mapping[str, Mapping[str, Any]],
    causes: Mapping[UUID, Mapping[str, Any]],
) -> None:
    """Add to the step the values that the reader may see. If several rows name the reader, each is shown."""
    parts = values_of_parts(ledger.lifecycles[kind_of(step.about)], step.event, step.step, step.reader)
    step.values += (_Value(*part) for part in parts)
    own = _own_keys(ledger, step, rows)
    for n in range(max(1, len(own))):
        step.own = own[n : n + 1]
        for path in TOLD_FIELDS.get(step.step, ()):
            if path.startswith(REASONS_PLACE) and not n:
                step.values += [_Value("comment", Vote, reason) for reason in step.reasons]
                continue
            for place, _, name in (part.partition(".") for part in path.split("|")):
                if n and place != "mine":
                    continue
                value = _find(ledger, step, place, name, rows, causes)
                if value is not None and not _is_hidden(value, step.viewer):
                    step.values.append(value)
                    break


def _own_keys(ledger: Ledger, step: _Step, rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the keys of the rows by which the event gives the reader such work; or else of the first row
    that it sets to name them, or of the rows that it changes and that name them already.
    """
    event, lifecycle = step.event, ledger.lifecycles[kind_of(step.about)]
    classes = {lifecycle.kind: lifecycle.record} | _children(lifecycle)
    keys = sorted(key for key in event["data"]["set"] if _names(event, key, step.reader))
    keys.sort(key=lambda key: key == event["stream"])
    person = str(step.reader)
    if not keys:
        # The flag of a late row sets only its time: the row itself names its owner.
        children = [key for key in event["data"]["set"] if kind_of(key) in _children(lifecycle)]
        return [key for key in children if step.reader in rows.get(key, {}).values()]
    giving = [
        key
        for key in keys
        for name, mark in marks(classes[kind_of(key)], Responsible).items()
        if mark.step is step.step and event["data"]["set"][key].get(name) == person
    ]
    return giving or keys[:1]


def _find(
    ledger: Ledger,
    step: _Step,
    place: str,
    name: str,
    rows: Mapping[str, Mapping[str, Any]],
    causes: Mapping[UUID, Mapping[str, Any]],
) -> _Value | None:
    lifecycle, event = ledger.lifecycles[kind_of(step.about)], step.event
    place = "own" if place == lifecycle.kind else place
    if step.viewer is not Viewer.staff and is_withheld_place(lifecycle, event, place):
        return None
    if place == "given":
        return _of_payload(ledger, event, name)
    if place in CAUSES_PLACES:
        cause = causes.get(event["causation_id"])
        is_told = cause is not None and (place == "cause" or cause["is_seen"])
        return _of_payload(ledger, cause, name) if cause is not None and is_told else None
    if place == "own":
        return _of_row(lifecycle.record, name, event, step.about, rows)
    children = _children(lifecycle)
    keys = [key for key in _keys(event, children) if place == kind_of(key)]
    keys.sort(key=lambda key: not _names(event, key, step.reader))
    for key in step.own if place == "mine" else keys:
        model = children.get(kind_of(key), lifecycle.record)
        if step.viewer is not Viewer.staff and place != "mine" and _is_for_staff(model, key, event, rows):
            continue
        value = _of_row(model, name, event, key, rows)
        if value is not None:
            return value
    return None


def _is_for_staff(
    model: type[Record], key: str, event: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]
) -> bool:
    """Return whether only staff may see the child record."""
    row = rows.get(key)
    if row is None:
        return (event["data"]["set"].get(key) or {}).get("visibility") == "internal"
    return bool(getattr(from_row(model, dict(row)), "for_staff", False))


def _names(event: Mapping[str, Any], key: str, person: UUID) -> bool:
    """Return whether the event sets that row to name the person."""
    return str(person) in (event["data"]["set"].get(key) or {}).values()


def _of_payload(ledger: Ledger, event: Mapping[str, Any], name: str) -> _Value | None:
    lifecycle = ledger.lifecycles.get(kind_of(event["stream"]))
    value = None if "observed" in event["data"] else (event["data"].get("given") or {}).get(name)
    if lifecycle is None or value is None:
        return None
    kind = event["type"]
    bodies = (row.payload_of(kind) for row in lifecycle.rows if kind in row.events)
    return next((_Value(name, body, value) for body in bodies if name in body.model_fields), None)


def _of_row(
    model: type[Record], name: str, event: Mapping[str, Any], key: str, rows: Mapping[str, Mapping[str, Any]]
) -> _Value | None:
    if name not in model.model_fields:
        return None
    translated = marks(model, Translated).get(name)
    for source in (name,) if translated is None else (translated.texts, name):
        values = event["data"]["set"].get(key) or {}
        value = values[source] if source in values else (rows.get(key) or {}).get(source)
        if value is not None:
            return _Value(name, model, value)
    return None


def _is_hidden(value: _Value, viewer: Viewer) -> bool:
    """Return whether the field is hidden from that reader: money, and what is for staff, from all others."""
    if value.name in marks(value.model, Hidden):
        return True
    if value.name in marks(value.model, Money) and viewer is not Viewer.staff:
        return True
    return is_withheld(marks(value.model, StaffOnly).get(value.name), viewer)


@dataclass(frozen=True, slots=True)
class _Known:
    """Names with which values are rendered: texts by ciphertext, references by kind and id."""

    texts: Mapping[str, str | None]
    references: Mapping[tuple[str, str], str]


async def _rendered(
    ledger: Ledger, language: str, caller: Caller, steps: Sequence[_Step]
) -> dict[StepKey, StepDetails]:
    actors = {
        step.key: shown_actor(
            ledger.lifecycles[kind_of(step.about)], step.event, step.viewer, tells_something=bool(step.values)
        )
        for step in steps
    }
    values = [value for step in steps for value in step.values]
    references = {pair for value in values for pair in _references(value)}
    persons = {UUID(name) for kind, name in references if kind == PERSON}
    persons |= {actor_id for actor_id in actors.values() if actor_id is not None}
    names = await ledger.directory.names(persons) if persons else {}
    teams = await ledger.directory.teams() if any(kind == TEAM for kind, _ in references) else {}
    records, encrypted = await _records(ledger, caller, references, language)
    ciphertexts = [text for value in values for text in as_list(value.value) if _encrypted(text)]
    texts = await ledger.vault.texts([*ciphertexts, *encrypted, *names.values()])
    phrases = {(PERSON, str(person)): texts.get(name) or "" for person, name in names.items()}
    phrases |= {(TEAM, str(team_id)): team.name for team_id, team in teams.items()}
    phrases |= {
        pair: line.replace(
            "{title}", f" {words}" if (words := title and texts.get(title, title)) else ""
        ).strip()
        for pair, (line, title) in records.items()
    }
    services = {str(value.value) for value in values if value.name == SERVICE}
    named = await service_names(ledger, services, language)
    phrases |= {(SERVICE, key): name for key, name in named.items()}
    lookups = _Known(texts, phrases)
    rendered = {}
    for step in steps:
        details = [
            Detail(value.name.removesuffix("_id"), field_label(language, value.name), text, _is_text(value))
            for value in step.values
            if (text := _value_in_words(ledger, language, value, lookups))
        ]
        actor = actors[step.key]
        by = (
            translate(language, "notice_part", "rule") if actor is None else phrases.get((PERSON, str(actor)))
        )
        due_at = deadline_of(step.step, step.values, ledger.numbers.zone)
        if due_at is None:
            due_at = usual_deadline(step.step, step.event["occurred_at"], step.target_at)
            if due_at is not None:
                details.append(
                    Detail(ACT_BY, field_label(language, ACT_BY), moment(due_at, ledger.numbers.zone))
                )
        rendered[step.key] = StepDetails(step.event["occurred_at"], by or None, tuple(details), due_at)
    return rendered


def _encrypted(value: Any) -> bool:
    return isinstance(value, str) and is_encrypted(value)


def _is_text(value: _Value) -> bool:
    return any(_encrypted(part) for part in as_list(value.value))


def _references(value: _Value) -> list[tuple[str, str]]:
    refers: ForeignRef | None = marks(value.model, ForeignRef).get(value.name)
    if refers is None:
        return [pair for part in as_list(value.value) if (pair := stream_named(value.name, part)) is not None]
    return [(refers.kind, str(part)) for part in as_list(value.value)]


async def _records(
    ledger: Ledger, caller: Caller, references: Iterable[tuple[str, str]], language: str
) -> tuple[dict[tuple[str, str], tuple[str, str | None]], list[str]]:
    """Return the lines for these records, as far as the caller sees them: number, title and when they are;
    and the ciphertexts among the titles.
    """
    lines: dict[tuple[str, str], tuple[str, str | None]] = {}
    kinds: dict[str, list[UUID]] = {}
    for kind, name in references:
        if kind in ledger.lifecycles and kind not in (PERSON, TEAM):
            kinds.setdefault(kind, []).append(UUID(name))
    for kind, ids in kinds.items():
        lifecycle = ledger.lifecycles[kind]
        visible = await visible_streams(ledger, caller, [f"{kind}/{record_id}" for record_id in ids])
        for row in await ledger.db.rows(ROWS.format(table=lifecycle.table), (ids,)):
            if f"{kind}/{row['id']}" in visible:
                name = row.get("number") or row.get("key") or ""
                lines[kind, str(row["id"])] = (
                    f"{name}{{title}}{span_of(row, ledger.numbers.zone)}",
                    row.get("title"),
                )
    return lines, [title for _, title in lines.values() if title is not None and is_encrypted(title)]


def _value_in_words(ledger: Ledger, language: str, value: _Value, lookups: _Known) -> str | None:
    """Return the value in the reader's language; None without a value."""
    if isinstance(value.value, dict) and value.name in marks(value.model, Translated):
        return str(value.value[language])
    parts = [_single_value(ledger, language, value, part, lookups) for part in as_list(value.value)]
    return ", ".join(part for part in parts if part) or None


def _single_value(ledger: Ledger, language: str, value: _Value, part: Any, lookups: _Known) -> str | None:
    if references := marks(value.model, ForeignRef).get(value.name):
        return lookups.references.get((references.kind, str(part)))
    if (pair := stream_named(value.name, part)) is not None:
        return lookups.references.get(pair)
    if isinstance(part, str) and is_encrypted(part):
        return lookups.texts.get(part)
    if value.name == SERVICE:
        return lookups.references.get((SERVICE, str(part)), str(part))
    if value.name == PROCESS:
        return process_in_words(ledger.lifecycles, str(part), language)
    return value_in_language(value, part, language, ledger.numbers.zone)
