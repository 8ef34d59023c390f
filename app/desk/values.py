"""Values of answers in words and HTML: codes by their labels, instants by a zone's clocks, records as links
(pure).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.common.records import ALTERED, CodeEnum
from app.contract.schemas import Schema
from app.desk.codes import CodeWords
from app.desk.contract import ScreenContract
from app.desk.forms.definitions import questions_of
from app.desk.forms.durations import WORKING_TIME
from app.desk.forms.fields import DURATION_SUFFIX
from app.foundation.calendars.week import Weekday
from app.html.filters import (
    BREAK,
    breaks,
    bullets,
    folded,
    labelled,
    link,
    plain_text,
    small_table,
    swatch,
    time_element,
)
from app.i18n import LANGUAGES, translate
from app.i18n.entries import joined
from app.kernel.actions.made_fit import Alteration
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric

#: The table of the desk's sentences.
TABLE = "desk"
#: Members of a stub by which people call what it stands for, the best first.
NAME_MEMBERS = ("number", "name", "key", "label")
#: Members of a record by which it is called, each also in a language; the best first.
NAMES = ("number", "name", "title", "label", "key")
NAMING = frozenset({*NAMES, *(f"{name}_{language}" for name in NAMES for language in LANGUAGES)})
#: Members of an SLA clock.
CLOCK_MEMBERS = frozenset({"metric", "state", "due_at", "remaining_seconds"})
#: Longer texts are shown beneath the facts, and not among them.
LONGEST_FACT = 120
#: Times further away are shown by date.
LONGEST_RELATIVE = timedelta(days=7)
A_MINUTE, A_DAY = 60, 86_400
UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))
EMPTY: tuple[object, ...] = (None, "", [], {})
#: Least parts of a list that is shown as a table, and most fields of each part.
SHORTEST_TABLE, WIDEST_TABLE = 3, 5
#: Id of a record, alone or after its kind; ids are not shown to people.
ID = re.compile(r"(?:[a-z_]+/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Members of a part that has its own label.
LABELLED_MEMBERS = frozenset({"label", "value"})
#: The ends of names of fields that only programs read: places in the log.
FOR_PROGRAMS = ("position",)
#: Members whose texts are written for programs: pages fold them.
PROGRAM_TEXTS = frozenset({"mapping"})
#: A colour, which is shown with its code.
COLOUR = re.compile(r"#[0-9a-f]{6}")
#: A number with decimals, as the API writes those that must be exact.
DECIMAL = re.compile(r"-?\d{1,15}\.\d+")
#: Most decimals of a number that is not rounded, digits after rounding, and least number with separated
#: thousands.
MOST_DECIMALS, DIGITS, GROUPED = 3, 4, 10_000
#: An instant as programs write it.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
#: The field with a duty: a field of a record, or the kind of a row within it, that names its holder.
DUTY = "duty"
#: The kinds of rows that no field is called by.
ROW_DUTY_KINDS = frozenset(
    {"complaint", "improvement_plan_step", "release_stage", "risk_action", "rollout_step"}
    | {"service_level_plan_entry"}
)
#: The field with the part of a comment that its reader opens.
FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class ShownField:
    """A field with a value: its name, its label, and the value in HTML; `is_long`: it is read as a text."""

    name: str
    label: str
    value: Markup
    is_long: bool
    is_instant: bool


@dataclass(frozen=True, slots=True)
class ValueShape:
    """The schema of a value that is not null, whether it is an instant, and the codes that it is one of."""

    plain: Schema
    is_instant: bool
    codes: type[CodeEnum] | None


@dataclass(frozen=True, slots=True)
class ValueDisplay:
    """How values are shown in one language, with times by the clocks of a zone. Stubs of records of these
    `kinds` lead to their pages, which stand below the path `root`; those of `numbered` kinds are addressed by
    their number.
    """

    contract: ScreenContract
    language: str
    zone: ZoneInfo
    kinds: Collection[str]
    numbered: Collection[str]
    root: str
    codes: CodeWords
    #: The time of the page, to which near times are relative; None: all times are shown by date.
    now: datetime | None = None
    #: Shapes by the id of their schema. The schema is stored too, because its id could be reused later.
    _shapes: dict[int, tuple[Schema, ValueShape]] = field(default_factory=dict, repr=False)

    def fields(
        self,
        values_shown: Mapping[str, Any],
        schemas: Mapping[str, Schema],
        *,
        are_chosen: bool = False,
    ) -> Iterator[ShownField]:
        """Yield the fields that have a value, in the order of their schemas. Log positions are left out,
        because only programs need them, unless the reader has chosen the fields.
        """
        for name, schema in schemas.items():
            is_for_programs = name.endswith(FOR_PROGRAMS) and not are_chosen
            value = None if is_for_programs else values_shown.get(name)
            if value not in EMPTY and (html := self.html(value, schema, name)):
                is_long = isinstance(value, str) and (len(value) > LONGEST_FACT or "\n" in value)
                yield ShownField(
                    name,
                    self.contract.field_label(name, schema, self.language),
                    html,
                    is_long or _has_parts(value),
                    is_instant=self._shape(schema).is_instant,
                )

    def html(self, value: Any, schema: Schema, name: str = "") -> Markup:
        """Return the value of that schema in HTML; nothing of nothing."""
        if value is None:
            return Markup()
        if isinstance(value, bool):
            return plain_text(self.sentence("yes" if value else "no"))
        if isinstance(value, list):
            return self._list(value, schema, name)
        if isinstance(value, dict):
            return self._altered(value) if name == ALTERED else self._part_html(value, schema)
        text = self._text(value, schema, name) if isinstance(value, str) else self._number(value, name)
        if name in PROGRAM_TEXTS and "\n" in str(value):
            return folded(self.sentence("show_as_text"), text)
        return folded(self.sentence("quoted_part"), text) if name == FOLDED else text

    def _number(self, value: float, name: str) -> Markup:
        if isinstance(value, int) and name.endswith(DURATION_SUFFIX):
            is_working_time = name in WORKING_TIME
            return plain_text(spoken_duration(value, self.language, is_working_time=is_working_time))
        return plain_text(spoken_number(value))

    def _text(self, text: str, schema: Schema, name: str) -> Markup:
        if DECIMAL.fullmatch(text):
            return plain_text(spoken_number(text))
        shape = self._shape(schema)
        if shape.is_instant or INSTANT.fullmatch(text):
            return self.instant(text)
        if shape.codes is not None:
            return plain_text(label_of(shape.codes, text, self.language))
        if ID.fullmatch(text):
            return Markup()
        if COLOUR.fullmatch(text):
            return swatch(text)
        return breaks(plain_text(self.duty(text) if name == DUTY else self.codes.spoken(name, text)))

    def _list(self, values: list[Any], schema: Schema, name: str) -> Markup:
        entry = self._shape(schema).plain.get("items", {})
        if table := self._table(values, entry):
            return table
        values_shown = [text for value in values if (text := self.html(value, entry, name))]
        if any(isinstance(value, dict) and not _stub_name(value) for value in values):
            return bullets(values_shown)
        return Markup(", ").join(values_shown)

    def _table(self, parts: list[Any], schema: Schema) -> Markup:
        """Return parts with the same few plain fields as a table; nothing if the list is short, or of others.
        A name in both languages is shown in the reader's.
        """
        properties = self._shape(schema).plain.get("properties", {})
        if len(parts) < SHORTEST_TABLE or not all(isinstance(part, dict) for part in parts):
            return Markup()
        names = [name for name in properties if any(part.get(name) not in EMPTY for part in parts)]
        names = [name for name in names if not self._is_of_other_language(name, names)]
        cells = [part.get(name) for part in parts for name in names]
        if not 0 < len(names) <= WIDEST_TABLE or "id" in names or any(_is_nested(cell) for cell in cells):
            return Markup()
        heads = [self.contract.field_label(name, properties[name], self.language) for name in names]
        rows = [[self.html(part.get(name), properties[name], name) for name in names] for part in parts]
        return small_table(heads, rows)

    def _is_of_other_language(self, name: str, names: Collection[str]) -> bool:
        stem, _, language = name.rpartition("_")
        return language in LANGUAGES and language != self.language and f"{stem}_{self.language}" in names

    def _part_html(self, part: Mapping[str, Any], schema: Schema) -> Markup:
        """Return a part of a record: by what it is called, else its fields."""
        if (name := _stub_name(part)) is not None:
            return self.link(part, name)
        if part.keys() >= CLOCK_MEMBERS:
            return self._clock(part)
        if part.keys() >= LABELLED_MEMBERS:
            return labelled(part["label"], self.html(part["value"], {}, str(part.get("field", ""))))
        if part.get("type") == "object" and "properties" in part:
            return bullets(plain_text(question.text(self.language)) for question in questions_of(part))
        properties = self._shape(schema).plain.get("properties") or {key: {} for key in part}
        facts = (
            labelled(field.label, field.value)
            for field in self.fields(part, properties)
            if not (field.name == "id" and len(part) > 1)
        )
        return Markup(" ").join(facts)

    def _altered(self, fields: Mapping[str, Any]) -> Markup:
        """Return fields that were altered on the way in, each in a line with what was done to it."""
        return BREAK.join(
            self.sentence(
                "altered_field",
                field=self.contract.field_label(field, {}, self.language),
                how=joined((Alteration(code).label(self.language) for code in codes), self.language),
            )
            for field, codes in fields.items()
        )

    def _clock(self, clock: Mapping[str, Any]) -> Markup:
        """Return an SLA clock: what it measures, when it is due, and how much agreed time is left if that is
        not the same; of one that does not run, its state.
        """
        metric, left = label_of(Metric, clock["metric"], self.language), clock["remaining_seconds"]
        words = "" if left is None else self._time_left(left)
        if clock["due_at"] is None or clock["state"] != ClockState.running:
            state = label_of(ClockState, clock["state"], self.language)
            return plain_text(" · ".join(part for part in (metric, state, words) if part))
        due = datetime.fromisoformat(clock["due_at"].replace("Z", "+00:00"))
        seconds = None if self.now is None else (due - self.now).total_seconds()
        is_same = left is not None and seconds is not None and abs(seconds - left) < A_MINUTE
        before, _, after = self.sentence("clock_due", metric=metric, when="\0").partition("\0")
        when = Markup("{}{}{}").format(before, self.instant(due), after)
        return when if is_same or not words else Markup("{} ({})").format(when, words)

    def _time_left(self, seconds: int) -> str:
        code = "working_time_left" if seconds >= 0 else "overdue"
        time = spoken_duration(abs(seconds), self.language, is_working_time=True)
        return self.sentence(code, time=time)

    def link(self, stub: Mapping[str, Any], name: str) -> Markup:
        """Return the text for a stub: a link to the record if the stub identifies it."""
        title = stub.get("title")
        words = f"{name} {title}" if title else name
        kind, number, record = stub.get("kind"), stub.get("number"), stub.get("ticket") or stub.get("id")
        if kind is not None and kind in self.kinds and (number or record):
            return link(self.address(kind, number, record), words)
        return plain_text(words)

    def address(self, kind: str, number: str | None, record: str | None) -> str:
        """Return the address of the page of that record, which has that id and, if it is not None, that
        number. Only the number of a numbered kind is an address: that of a document is one of its fields.
        """
        name = number if number and (kind in self.numbered or not record) else record
        return f"{self.root}/{kind}/{name}"

    def instant(self, text: str | datetime) -> Markup:
        """Return the instant as the clocks of the zone show it."""
        if isinstance(text, str):
            try:
                text = datetime.fromisoformat(text.replace("Z", "+00:00"))
            except ValueError:  # what other systems call an instant stays as they wrote it
                return plain_text(text)
        return time_element(text, self.zone, self._relative(text))

    def date(self, text: str) -> Markup:
        """Return the instant by its weekday and date, however near it is."""
        date = replace(self, now=None).instant(text)
        weekday = list(Weekday)[datetime.fromisoformat(text).astimezone(self.zone).weekday()]
        return Markup("{} {}").format(weekday.label(self.language), date)

    def _relative(self, instant: datetime) -> str | None:
        """Return how far the instant is from now; None if it is so far that people want to read its date."""
        if self.now is None or abs(instant - self.now) >= LONGEST_RELATIVE:
            return None
        seconds = int((instant - self.now).total_seconds())
        if abs(seconds) < A_MINUTE:
            return self.sentence("just_now")
        # Durations of days are rounded to whole days.
        rounded = abs(seconds) if abs(seconds) < A_DAY else abs(seconds) // A_DAY * A_DAY
        return self.sentence("ahead" if seconds > 0 else "ago", time=self.duration(rounded))

    def _shape(self, schema: Schema) -> ValueShape:
        """Return the shape of a value by its schema, computed once for a page."""
        if id(schema) not in self._shapes:
            plain = _plain(self.contract, schema)
            is_instant = plain.get("format") == "date-time"
            self._shapes[id(schema)] = (
                schema,
                ValueShape(plain, is_instant, code_class(self.contract, schema)),
            )
        return self._shapes[id(schema)][1]

    def duty(self, code: str) -> str:
        """Return the label of a duty."""
        if code in ROW_DUTY_KINDS:
            return self.sentence(f"duty_{code}")
        return self.contract.field_label(code, {}, self.language)

    def duration(self, seconds: int) -> str:
        """Return the duration in its two largest units."""
        return spoken_duration(seconds, self.language)

    def sentence(self, code: str, **words: object) -> str:
        """Return the desk's sentence of that code."""
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})


def _has_parts(value: Any) -> bool:
    """Return whether the value is a list of parts, or has one among its own parts."""
    if isinstance(value, dict):
        return any(isinstance(part, list) and _has_parts(part) for part in value.values())
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _is_nested(value: Any) -> bool:
    """Return whether the value has parts of its own, or is a long text."""
    if isinstance(value, list):
        return any(isinstance(entry, dict | list) for entry in value)
    return isinstance(value, dict) or (isinstance(value, str) and len(value) > LONGEST_FACT)


def spoken_number(value: float | str) -> str:
    """Return the number as people write it: rounded if it has many decimals, large ones with commas."""
    text = format(Decimal(str(value)), "f")
    number, decimals = Decimal(text), len(text.partition(".")[2])
    if decimals > MOST_DECIMALS and number:
        decimals = max(0, DIGITS - 1 - number.adjusted())
        text = f"{number:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    integer, point, rest = text.lstrip("-").partition(".")
    grouped = f"{int(integer):,}" if int(integer) >= GROUPED else integer
    return f"{'−' if text.startswith('-') else ''}{grouped}{point}{rest}"


def spoken_duration(seconds: int, language: str, *, is_working_time: bool = False) -> str:
    """Return the duration in its two largest units, as `2 h 12 min`; less than a minute is 0 min. Time that a
    calendar counts is in hours, since its days have other lengths than 24 h.
    """
    left = abs(seconds)
    parts: list[str] = []
    for size, unit in UNITS[1:] if is_working_time else UNITS:
        if left >= size and len(parts) < 2:
            parts.append(translate(language, TABLE, unit, {"n": str(left // size)}))
            left %= size
    text = " ".join(parts) or translate(language, TABLE, "minutes", {"n": "0"})
    return f"−{text}" if seconds < 0 else text


def record_name(record: Mapping[str, Any], language: str) -> str:
    """Return the record's name for people: its number, or its name in that language; empty without either."""
    names = (record.get(f"{name}_{language}") or record.get(name) for name in NAMES)
    return next((str(name) for name in names if name and not ID.fullmatch(str(name))), "")


def record_title(record: Mapping[str, Any]) -> str:
    """Return the subject of a record with a number; empty without one."""
    return str(record.get("title") or "") if record.get("number") else ""


def label_of(codes: type[CodeEnum], code: str, language: str) -> str:
    """Return the label of the code; one that has come since is shown in words as far as that goes."""
    try:
        return codes(code).label(language)
    except ValueError:
        return code.replace("_", " ").capitalize()


def code_class(contract: ScreenContract, schema: Schema) -> type[CodeEnum] | None:
    """Return the codes of which a value of that schema is one, or None."""
    for name in _references(contract, schema):
        codes_of_name = _codes_by_name().get(name)
        if codes_of_name is not None:
            return codes_of_name
    return None


@cache
def _codes_by_name() -> Mapping[str, type[CodeEnum]]:
    return {codes.__name__: codes for codes in CodeEnum.__subclasses__()}


def _references(contract: ScreenContract, schema: Schema) -> Iterator[str]:
    """Yield the names of the components that define the schema's value."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
        yield from _references(contract, contract.component_at(schema["$ref"]))
    for option in schema.get("anyOf", ()):
        yield from _references(contract, option)
    if "items" in schema:
        yield from _references(contract, schema["items"])


def _plain(contract: ScreenContract, schema: Schema) -> Schema:
    """Return the schema of a value that is not null."""
    plain = contract.resolved(schema)
    for option in plain.get("anyOf", ()):
        if option != {"type": "null"}:
            return _plain(contract, option)
    return plain


def _stub_name(part: Mapping[str, Any]) -> str | None:
    """Return the name of a stub; None if the part is not a stub. The stub of an erased person is empty."""
    if "id" not in part or len(part) > 5:
        return None
    names = [part[member] for member in NAME_MEMBERS if member in part]
    return None if not names else next((str(name) for name in names if name), "–")
