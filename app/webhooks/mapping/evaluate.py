"""Evaluation of a mapping on a delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from datetime import datetime
from typing import Any, Final, NamedTuple

from app.common.children import Visibility
from app.common.tickets import HoldReason
from app.exchange.kinds import KEEP_STATE, IncidentMeaning
from app.expressions.functions import time as time_text
from app.expressions.language import (
    MISSING,
    Expression,
    ExpressionEnvironment,
    ExpressionFailed,
    MissingValue,
    Variables,
)
from app.expressions.times import TimeSettings, read_time, time_settings
from app.processes.incidents.monitoring.alert import MOST_LABELS
from app.processes.incidents.records import IncidentState
from app.webhooks.mapping.deliveries import Delivery, order_of_dates, read_body
from app.webhooks.mapping.document import (
    CODED_FIELDS,
    NAMING_FIELDS,
    PERSON_FIELDS,
    TEXT_FIELDS,
    Entry,
    MappingDocument,
    TicketFields,
)
from app.webhooks.mapping.updates import (
    ALERT_STATUSES,
    UNKNOWN_STATE,
    AlertSignal,
    CommentUpdate,
    Evaluation,
    FailedPart,
    MappingFailed,
    NamedPerson,
    ParsedUpdate,
    TicketUpdate,
    UpdateKind,
)

#: `item` is an element of a list that an entry goes through; `received_at` is text as the function time gives
#: it.
ENVIRONMENT: Final = ExpressionEnvironment(("body", "headers", "item", "received_at"))
MOST_ITEMS = 1_000
#: Lengths to which texts are cut: those that this system's own fields have.
LONGEST_LINE = 200
LONGEST_PARAGRAPH = 20_000
LONGEST_ID = 200
WILDCARD_CODE = "*"
_LONG = frozenset({"description", "resolution", "cause", "text"})
_ALERT_STATUSES = {each: each for each in ALERT_STATUSES} | {"resolved": "cleared"}
_STATES = {state.value: state.value for state in IncidentState}


class _EventTime(NamedTuple):
    instant: datetime
    by_receipt: bool


class Mapping:
    """A mapping that is ready to be evaluated. `document` is its content."""

    def __init__(
        self, name: str, document: MappingDocument, compiled: dict[tuple[str | int, ...], Expression]
    ) -> None:
        self.name = name
        self.document = document
        self._compiled = compiled

    def delivery_id(self, delivery: Delivery) -> str | None:
        """Return the delivery's id as the tool gives it; None if there is none. Raises MappingFailed."""
        reader = _Reader(self._compiled, ("delivery",), "delivery", _variables(delivery, read_body(delivery)))
        delivery_id = reader.text("id", self.document.delivery.id, LONGEST_ID)
        return delivery_id if isinstance(delivery_id, str) else None

    def evaluate(self, delivery: Delivery) -> Evaluation:
        """Return the alerts or ticket changes that the mapping reads from it. Raises MappingFailed."""
        body = read_body(delivery)
        order = delivery.date_order or self.document.date_order or order_of_dates(body)
        with time_settings(TimeSettings(delivery.zone or self.document.zone or delivery.usual_zone, order)):
            news: list[ParsedUpdate] = []
            failed: dict[int, FailedPart] = {}
            applied = False
            for number, entry in enumerate(self.document.news):
                for reader in self._readers(delivery, body, number, entry):
                    applied = True
                    if reader is None:
                        continue
                    try:
                        news.append(reader.news(entry, delivery.received_at))
                    except MappingFailed as error:
                        if entry.kind is not UpdateKind.alert or entry.each is None:
                            raise
                        # One alert of a group fails alone.
                        part = FailedPart(error.code, error.key, error.words)
                        failed[len(news) + len(failed)] = part
            if failed and not news:
                first = failed[min(failed)]
                raise MappingFailed(first.code, first.key, first.words)
            if applied:
                return Evaluation(tuple(news), None if news else "its list is empty", failed)
            return Evaluation((), self._why_ignored(delivery, body))

    def _readers(self, delivery: Delivery, body: Any, number: int, entry: Entry) -> Iterator[_Reader | None]:
        """Yield a reader for each element that the entry goes through, or one; None if there is no
        element.
        """
        path, place = ("news", number), f"news {number + 1}"
        body_reader = _Reader(self._compiled, path, place, _variables(delivery, body))
        if entry.each is None:
            if body_reader.applies(entry.when):
                yield body_reader
            return
        # `when` of an entry with `each` is asked of each element; without a list there is nothing to ask it
        # of.
        items = body_reader.raw("each", (entry.each,))
        if items is MISSING or items is None:
            return
        if not isinstance(items, list):
            raise body_reader.failed("wrong_type", "each", "it is no list", items)
        if len(items) > MOST_ITEMS:
            raise body_reader.failed("too_much", "each", f"it has more than {MOST_ITEMS:,} elements")
        if not items:
            yield None
        rest = _without(body, items)
        for n, item in enumerate(items):
            reader = _Reader(self._compiled, path, f"{place}, item {n + 1}", _variables(delivery, rest, item))
            if reader.applies(entry.when):
                yield reader

    def _why_ignored(self, delivery: Delivery, body: Any) -> str:
        variables = _variables(delivery, body)
        for number, ignored in enumerate(self.document.ignored):
            place = f"ignored {number + 1}"
            if _Reader(self._compiled, ("ignored", number), place, variables).applies(ignored.when):
                return ignored.why
        raise MappingFailed("unmapped", "news", "no entry applies to it, and it is not among the ignored.")


class _Reader:
    """Evaluates the expressions of one entry on one element of a delivery."""

    def __init__(
        self,
        compiled: Dictionary[tuple[str | int, ...], Expression],
        path: tuple[str | int, ...],
        place: str,
        variables: Variables,
    ) -> None:
        self._compiled = compiled
        self._path = path
        self._place = place
        self._variables = variables
        self.columns: dict[str, str | None] = {}
        self.irregular: list[str] = []

    def failed(self, code: str, key: str, reason: str, value: Any = MISSING) -> MappingFailed:
        """Return the exception for a key; it shows the expression and the beginning of the value."""
        sources = [e.text for p, e in self._compiled.items() if p[:-1] == (*self._path, *key.split("."))]
        excerpt = "" if value is MISSING else f"; it is {_short(value)}"
        return MappingFailed(
            code, f"{self._place}, {key}", f"{' | '.join(sources)[:200]}: {reason}{excerpt}."
        )

    def values(self, key: str, sources: tuple[str, ...] | None) -> Iterator[Any]:
        """Yield the value of each alternative in turn."""
        for n in range(len(sources or ())):
            expression = self._compiled[(*self._path, *key.split("."), n)]
            try:
                yield expression.value(self._variables)
            except ExpressionFailed as error:
                raise self.failed(error.code, key, str(error)) from error

    def raw(self, key: str, sources: tuple[str, ...] | None) -> Any:
        """Return the first value that is told and not empty; else None if one is told empty, else MISSING."""
        raw_value: Any = MISSING
        for value in self.values(key, sources):
            if value is not MISSING and value is not None and value not in ("", {}):
                return value
            if value is not MISSING:
                raw_value = None
        return raw_value

    def applies(self, when: str | None) -> bool:
        """Return whether the condition is true. What is not told makes it false."""
        if when is None:
            return True
        condition = self.raw("when", (when,))
        if condition is not MISSING and not isinstance(condition, bool):
            raise self.failed("wrong_type", "when", "it is neither true nor false", condition)
        return condition is True

    def text(self, key: str, sources: tuple[str, ...] | None, longest: int) -> str | MissingValue | None:
        """Return a text, cut to its longest length."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            self._column(key, value)
            return MISSING if value is MISSING else None
        text = _scalar(value)
        if text is None:
            raise self.failed("wrong_type", key, "it is no text", value)
        text = text.strip()
        cut = text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
        self._column(key, cut or None)
        return cut or None

    def required_text(self, key: str, sources: tuple[str, ...] | None, longest: int = LONGEST_ID) -> str:
        """Return a text that must be there. Raises MappingFailed."""
        text = self.text(key, sources, longest)
        if not isinstance(text, str):
            raise self.failed("untold", key, "it is not told" if text is MISSING else "it is empty")
        return text

    def optional(self, key: str, sources: tuple[str, ...] | None, longest: int = LONGEST_LINE) -> str | None:
        """Return a text that may be missing."""
        text = self.text(key, sources, longest)
        return text if isinstance(text, str) else None

    def event_time(self, key: str, sources: tuple[str, ...] | None, received_at: datetime) -> _EventTime:
        """Return when it was by the tool's time; when it came, if the mapping tells no time."""
        if sources is None:
            return _EventTime(received_at, True)
        event_time = self.time(key, sources)
        if event_time is None:
            # Without its time it would be taken for the newest, and set a state that is over.
            raise self.failed("not_a_time", key, "no time is told")
        return _EventTime(event_time, event_time == received_at)

    def time(self, key: str, sources: tuple[str, ...] | None) -> datetime | None:
        """Return the time, None if it is not told. Raises MappingFailed if it is none."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            return None
        try:
            return read_time(value)
        except ValueError as error:
            raise self.failed("not_a_time", key, f"it is no time ({error})", value) from error

    def readable_time(self, key: str, sources: tuple[str, ...] | None) -> datetime | None:
        """Return a time that decides no order: one that cannot be read is marked and not told."""
        try:
            return self.time(key, sources)
        except MappingFailed:
            self.irregular.append(f"bad_{key}")
            return None

    def person(self, key: str, sources: tuple[str, ...] | None) -> NamedPerson | MissingValue | None:
        """Return the person that is named."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            self._column(key, value)
            return MISSING if value is MISSING else None
        if not isinstance(value, dict):
            name = self.text(key, sources, LONGEST_LINE)
            return NamedPerson(name=name) if isinstance(name, str) else name
        if wrong := value.keys() - {"name", "email", "id"}:
            raise self.failed("wrong_type", key, f"a person has name, email and id, and not {min(wrong)}")
        # CEL keeps no order of names.
        parts = {k: _scalar(value[k]) for k in ("name", "email", "id") if value.get(k) is not None}
        names = {k: v.strip()[:LONGEST_LINE] for k, v in parts.items() if v is not None and v.strip()}
        self._column(key, " ".join(names.values()) or None)
        return NamedPerson(**names) if names else None

    def mapped_code(self, key: str, sources: tuple[str, ...] | None, meanings: Dictionary[str, Any]) -> Any:
        """Return the meaning of the first value that has one; MISSING if none has, which is then marked.

        A value that is not told ends the search: those after it say the same less exactly.
        """
        unknown = None
        for value in self.values(key, sources):
            if value is MISSING:
                break
            code = None if value is None else _scalar(value)
            if code is None or not code.strip():
                if value is not None and code is None:
                    raise self.failed("wrong_type", key, "it is no code", value)
                return MISSING if unknown else self._column(key, None)
            unknown = unknown or code.strip()
            meaning = meanings.get(code.strip().lower(), MISSING)
            if meaning is not MISSING:
                self._column(key, unknown[:LONGEST_LINE])
                return MISSING if meaning == KEEP_STATE else meaning
        if unknown is None:
            return MISSING
        self._column(key, unknown[:LONGEST_LINE])
        if WILDCARD_CODE in meanings:
            return MISSING if meanings[WILDCARD_CODE] == KEEP_STATE else meanings[WILDCARD_CODE]
        self.irregular.append(UNKNOWN_STATE if key == "status" else f"unknown_{key.removeprefix('fields.')}")
        return MISSING

    def news(self, entry: Entry, received_at: datetime) -> ParsedUpdate:
        """Return the news that the entry gives."""
        if entry.kind is UpdateKind.ticket:
            return self._ticket(entry, received_at)
        return (self._comment if entry.kind is UpdateKind.comment else self._alert)(entry, received_at)

    def _ticket(self, entry: Entry, received_at: datetime) -> TicketUpdate:
        case = self.required_text("case", entry.case)
        dated = self.event_time("at", entry.at, received_at)
        fields = self._fields(entry)
        meanings = _folded(entry.values.status) or dict(_STATES)
        stated = self.mapped_code("status", entry.status, meanings)
        state = None
        if stated is not MISSING and stated is not None:
            meaning = IncidentMeaning.model_validate(stated)
            state = meaning.state
            fields |= _fields_of_state(meaning, meanings)
        actor = self.person("actor", entry.actor)
        return TicketUpdate(
            case=case,
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            number=self.optional("number", entry.number),
            url=self.optional("url", entry.url, 2_000),
            opened_at=self.readable_time("opened_at", entry.opened_at),
            resolved_at=self.readable_time("resolved_at", entry.resolved_at),
            actor=actor if isinstance(actor, NamedPerson) else None,
            state=state,
            fields=fields,
            columns=self.columns,
            irregular=tuple(self.irregular),
        )

    def _fields(self, entry: Entry) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in (n for n in TicketFields.model_fields if getattr(entry.fields, n) is not None):
            sources, key = getattr(entry.fields, name), f"fields.{name}"
            if name in CODED_FIELDS:
                fields[name] = self._own_code(key, name, sources, entry)
            elif name in PERSON_FIELDS:
                fields[name] = self.person(key, sources)
            elif name in TEXT_FIELDS:
                fields[name] = self._naming(key, name, sources, entry)
        return {name: value for name, value in fields.items() if value is not MISSING}

    def _own_code(self, key: str, name: str, sources: tuple[str, ...] | None, entry: Entry) -> Any:
        kind = CODED_FIELDS[name]
        meanings = _folded(getattr(entry.values, name)) or {code.value.lower(): code.value for code in kind}
        meaning = self.mapped_code(key, sources, meanings)
        return meaning if meaning is MISSING or meaning is None else kind(meaning)

    def _naming(self, key: str, name: str, sources: tuple[str, ...] | None, entry: Entry) -> Any:
        text = self.text(key, sources, LONGEST_PARAGRAPH if name in _LONG else LONGEST_LINE)
        if name in NAMING_FIELDS and isinstance(text, str):
            meaning = _folded(getattr(entry.values, name)).get(text.lower(), text)
            return MISSING if meaning == KEEP_STATE else meaning
        return text

    def _comment(self, entry: Entry, received_at: datetime) -> CommentUpdate:
        dated = self.event_time("at", entry.at, received_at)
        author = self.person("author", entry.author)
        meanings = _folded(entry.values.visibility) or {each.value: each.value for each in Visibility}
        visibility = self.mapped_code("visibility", entry.visibility, meanings)
        return CommentUpdate(
            case=self.required_text("case", entry.case),
            id=self.required_text("id", entry.id),
            text=self.required_text("text", entry.text, LONGEST_PARAGRAPH),
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            author=author if isinstance(author, NamedPerson) else None,
            visibility=Visibility(visibility) if isinstance(visibility, str) else Visibility.internal,
            columns=self.columns,
            irregular=tuple(self.irregular),
        )

    def _alert(self, entry: Entry, received_at: datetime) -> AlertSignal:
        meaning = self.mapped_code("status", entry.status, _folded(entry.values.status) or _ALERT_STATUSES)
        status = next((each for each in ALERT_STATUSES if each == meaning), None)
        if status is None:
            raise self.failed("unknown_status", "status", "it says neither that it fires nor that it cleared")
        # A firing alert may have a time of clearing that is still to come or nonsense: only what happened
        # counts.
        cleared = status == "cleared"
        key = "cleared_at" if cleared else "alerted_at"
        dated = self.event_time(key, getattr(entry, key), received_at)
        codes = {n: self._own_code(n, n, getattr(entry, n), entry) for n in ("impact", "urgency", "effect")}
        names = {n: self._naming(n, n, getattr(entry, n), entry) for n in ("service", "ci", "category")}
        optional_fields = {n: None if value is MISSING else value for n, value in (codes | names).items()}
        return AlertSignal(
            source=self.required_text("source", entry.source),
            dedup_key=self.required_text("dedup_key", entry.dedup_key),
            status=status,
            title=self.required_text("title", entry.title, LONGEST_LINE),
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            alerted_at=dated.instant if not cleared and not dated.by_receipt else None,
            cleared_at=dated.instant if cleared and not dated.by_receipt else None,
            description=self.optional("description", entry.description, LONGEST_PARAGRAPH),
            labels=self.labels(entry.labels),
            columns=self.columns,
            irregular=tuple(self.irregular),
            **optional_fields,
        )

    def labels(self, sources: tuple[str, ...] | None) -> dict[str, str]:
        """Return the labels of an alert: those with a value that is a text, a number or a truth value. What
        cannot stand in the name of a label is an underscore in it.
        """
        value = self.raw("labels", sources)
        if value is MISSING or value is None:
            return {}
        if not isinstance(value, dict):
            raise self.failed("wrong_type", "labels", "it is no map of names and values", value)
        texts = {_label_name(str(name)): _scalar(each) for name, each in sorted(value.items())}
        labels = {name: text.strip()[:LONGEST_LINE] for name, text in texts.items() if text and text.strip()}
        return dict(list(labels.items())[:MOST_LABELS])

    def _column(self, key: str, value: Any) -> Any:
        if value is not MISSING:
            self.columns[key.removeprefix("fields.")] = value
        return value


def _variables(delivery: Delivery, body: Any, item: Any = None) -> Variables:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    received_at = time_text(delivery.received_at.isoformat())
    values = {"body": body, "headers": headers, "item": item, "received_at": received_at}
    return ENVIRONMENT.variables(values)


def _without(body: Any, items: list[Any]) -> Any:
    """Return the body without the list: to hand it to each of its elements would take the list's length
    squared.
    """
    if not isinstance(body, dict):
        return None
    return {name: value for name, value in body.items() if value != items}


def _label_name(name: str) -> str:
    """Return the name as one of a label: with a letter or an underscore first."""
    allowed = re.sub(r"[^A-Za-z0-9_.:/-]", "_", name)[:99]
    return allowed if re.match(r"[A-Za-z_]", allowed) else f"_{allowed}"


def _scalar(value: Any) -> str | None:
    """Return a text, number or truth value as text; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def _folded(values: Dictionary[str, Any]) -> dict[str, Any]:
    return {value.lower(): meaning for value, meaning in values.items()}


def _fields_of_state(meaning: IncidentMeaning, meanings: Dictionary[str, Any]) -> dict[str, Any]:
    """Return the fields that go with a state, as with the import of a file."""
    fields: dict[str, Any] = {}
    if meaning.state is None:
        return fields
    fields["hold_reason"] = meaning.hold_reason
    if meaning.state is IncidentState.on_hold and meaning.hold_reason is None:
        fields["hold_reason"] = HoldReason.other
    if meaning.resolution_code is not None:
        fields["resolution_code"] = meaning.resolution_code
    return fields


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a map"
    return repr(value)[:60]
