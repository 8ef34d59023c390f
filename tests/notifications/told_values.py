"""What a notice of an event has to say: read from the event, and from the classes that declare its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel

from app.common.money import Money
from app.common.notices import NoticeType, Responsible
from app.common.personal import is_encrypted
from app.common.records import CodeEnum, Hidden, StaffOnly
from app.common.tickets import Ticket
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant
from app.log.events import Recorded, kind_of
from app.notifications.steps import PUBLIC, TO_ASSIGNEE, TO_INVITED, TO_LEADS
from tests.notifications.rendering import Case

A_DAY = re.compile(r"\d{4}-\d\d-\d\d")
AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
#: Fields of payloads that say why.
WHY = re.compile(r"(^|_)reason$")
#: Codes that say how something has ended.
ENDINGS = ("Verdict", "Outcome", "Ending")
#: What a notice need not say of a payload, and why.
NEED_NOT_SAY = {
    "decided.verdict": "the last vote: they are told how many voted how, and what came of it",
    "in_charge.begins_at": "the period that is assessed: its end is told",
    "kpi_changed.begins_at": "the months that were compared: since when it differs is told",
    "kpi_changed.ends_at": "the same",
    "agreement_moved.from_at": "the day is told",
    "to_answer.reason": "that it waits for them",
    "received.size_reason": "why it is of that class: those who vote are told",
    "received.due_at": "when the board has voted: those who vote are told",
    **dict.fromkeys(
        ("absence_entered.reason", "deputises.reason", "covers_on_call.reason"),
        "why somebody is away is theirs alone",
    ),
    "delivered.open_tasks_reason": "what staff left undone: the ticket says it to staff",
    "tasked.stages_reason": "why other stages are left out: those who approve the release are told",
    "received.defer_until_at": "what the board is asked for, which is told when it has decided",
}


@dataclass(frozen=True)
class Told:
    """A value that a notice has to say: its place, and how it is written in a language."""

    place: str
    model: type[BaseModel]
    name: str
    value: Any


def due_to_be_told(ledger: Ledger, case: Case) -> Iterator[Told]:
    """What the notice has to say: of a child record that names the reader, until when; else what the payload
    says of when and how it ended; and of any payload, why.
    """
    event, lifecycle = case.event, ledger.lifecycles[kind_of(case.about)]
    rows = [
        (child, fields, fields.get(name))
        for child in lifecycle.children
        for fields in event.rows_set(child.KIND).values()
        for name, mark in marks(child, Responsible).items()
        if mark.step is case.step
    ]
    for child, fields, person in rows:
        for name, value in fields.items():
            if name in ("due_at", "until_at") and value is not None and person == str(case.reader):
                yield Told(f"{child.KIND}.{name}", child, name, value)
    for model, name, value in payload_fields(ledger, event):
        when = isinstance(value, str) and (AN_INSTANT.fullmatch(value) or A_DAY.fullmatch(value))
        due = WHY.search(name) or (not rows and (when or says_why_or_how(model, name)))
        if due and f"{case.step.value}.{name}" not in NEED_NOT_SAY:
            yield Told(f"given.{name}", model, name, value)


def says_why_or_how(model: type[BaseModel], name: str) -> bool:
    """Whether the field says why something was done, or how it has ended."""
    code = code_of(model, name)
    return bool(WHY.search(name)) or (code is not None and code.__name__.endswith(ENDINGS))


def told_by(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Iterator[tuple[NoticeType, str]]:
    """The types of notices that the table has tell of the row's events, each with the type of event."""
    of_tickets = (PUBLIC, TO_ASSIGNEE) if issubclass(lifecycle.record, Ticket) else ()
    for event in row.events:
        name = event.partition(".")[2]
        yield from ((steps[name], event) for steps in of_tickets if name in steps)
        yield from ((steps[event], event) for steps in (TO_INVITED, TO_LEADS) if event in steps)
        yield from ((rule.step, event) for rule in row.consequences.notifies)


def payload_fields(ledger: Ledger, event: Recorded) -> Iterator[tuple[type[BaseModel], str, Any]]:
    """The fields of the event's payload that have a value, each with the class that declares it."""
    lifecycle = ledger.lifecycles.get(kind_of(event.stream))
    rows = () if lifecycle is None else lifecycle.rows
    for name, value in event.payload.items() if rows else ():
        bodies = (row.body for row in rows if event.type in row.events)
        model = next((body for body in bodies if name in body.model_fields), None)
        if model is not None and value not in (None, "", [], {}):
            yield model, name, value


def is_for_staff(model: type[BaseModel], name: str) -> bool:
    """Whether only staff may be told the field."""
    return any(name in marks(model, mark) for mark in (Hidden, Money, StaffOnly))


def code_of(model: type[BaseModel], name: str) -> type[CodeEnum] | None:
    """The field's code, if it is one."""
    annotations: list[Any] = [model.model_fields[name].annotation]
    for item in annotations:
        annotations += get_args(item)
    return next(
        (
            annotation
            for annotation in annotations
            if isinstance(annotation, type) and issubclass(annotation, CodeEnum)
        ),
        None,
    )


def written(ledger: Ledger, field: Told, language: str, words: Mapping[str, str | None]) -> str | None:
    """How the value is written; None: its words are gone."""
    code = code_of(field.model, field.name)
    if code is not None:
        return code(field.value).label(language)
    if is_encrypted(field.value):
        text = words[field.value]
        return None if text is None else text.splitlines()[0]
    if AN_INSTANT.fullmatch(field.value):
        return f"{from_instant(field.value).astimezone(ledger.numbers.zone):%Y-%m-%d %H:%M}"
    return str(field.value)


def encrypted_in(value: Any) -> Iterator[str]:
    """All ciphertexts within the value."""
    if isinstance(value, str) and is_encrypted(value):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from encrypted_in(part)


def strings_in(value: Any) -> Iterator[str]:
    """All texts within the value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings_in(part)


def actor_of(event: Recorded) -> UUID | None:
    """The person or tool that did it, or for whom it was done; None: a rule did it by itself."""
    named = [origin.partition(":") for origin in (event.actor, event.on_behalf_of or "")]
    ids = {kind: UUID(name) for kind, _, name in named if kind in ("person", "integration")}
    return ids.get("person") or ids.get("integration")


def quotable(ledger: Ledger, event: Recorded) -> Iterator[str]:
    """All texts that the event sets or says, but codes: those are for the program, and readers get labels."""
    lifecycle = ledger.lifecycles.get(kind_of(event.stream))
    if lifecycle is None:
        return
    for model, name, value in payload_fields(ledger, event):
        if code_of(model, name) is None:
            yield from strings_in(value)
    classes = {record_class.KIND: record_class for record_class in (lifecycle.record, *lifecycle.children)}
    for key, fields in event.data["set"].items():
        model = classes[kind_of(key)]
        for name, value in (fields or {}).items():
            if code_of(model, name) is None:
                yield from strings_in(value)
