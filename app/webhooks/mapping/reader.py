"""Reading of the values of an entry of a mapping: each expression's value as text, time, code or person.

Keys that decide the meaning of a delivery (`DECIDING`) fail it if they cannot be read. Any other key is
marked instead, and the rest is used. For alerts the time of receipt replaces an unreadable time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from app.common.files.data_files import DataFile, DataFiles, without_data
from app.exchange.kinds import KEEP_STATE
from app.expressions.functions import lines as as_lines
from app.expressions.language import MISSING, Expression, ExpressionFailed, MissingValue, Variables
from app.expressions.times import read_time
from app.kernel.actions.made_fit import Alteration, fit_line, fit_name, fit_paragraph
from app.processes.incidents.monitoring.alert import MOST_LABELS
from app.ticketing.tags import MOST_TAGS, TagTicket
from app.webhooks.mapping.updates import UNKNOWN_STATE, MappingFailed, NamedPerson

#: Lengths to which texts are cut: those that this system's own fields have.
LONGEST_LINE = 200
LONGEST_PARAGRAPH = 20_000
LONGEST_ID = 200
WILDCARD_CODE = "*"
LONGEST_TAG = 60
#: Files within the texts of one update that are kept, as many as of a mail.
MOST_FILES = 20
#: Members of a link by which tools name its address and what people read.
_ADDRESSES = ("href", "url", "src")
_LINK_NAMES = ("text", "alt", "title", "name")
#: Without these keys the ticket, comment or alert of a delivery, its time and its state are unknown.
DECIDING = frozenset(
    {"each", "when", "case", "at", "status", "text", "source", "dedup_key", "alerted_at", "cleared_at"}
)
DECIDING |= {"id", "is_request", "pipeline", "run", "environment"}
#: Keys whose first expression that cannot be evaluated fails: another time or state would be a wrong one.
_EXACT = frozenset({"at", "status", "alerted_at", "cleared_at", "each", "when"})
#: Texts of several lines.
LONG_KEYS = frozenset({"description", "resolution", "cause", "text", "links"})
#: Names by which programs know something: they stay different when they are made fit.
_NAMES = frozenset({"case", "id", "dedup_key"})


class EventTime(NamedTuple):
    """The time of a change, and whether it is only that of the receipt."""

    instant: datetime
    by_receipt: bool


class EntryReader:
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
        self.altered: dict[str, list[str]] = {}
        #: All of the texts that are cut, by key.
        self.whole_texts: dict[str, str] = {}
        #: Labels that alerts cannot hold as they were sent, as lines.
        self.odd_labels: list[str] = []
        self.data_files = DataFiles(MOST_FILES)
        #: Keys whose codes mean that what they set stays as it is.
        self.kept_keys: set[str] = set()
        #: The first failure of keys of which another expression was tried, too.
        self._failures: dict[str, MappingFailed] = {}

    def failed(self, code: str, key: str, reason: str, value: Any = MISSING) -> MappingFailed:
        """Return the exception for a key; it shows the expression and the beginning of the value."""
        sources = [e.text for p, e in self._compiled.items() if p[:-1] == (*self._path, *key.split("."))]
        excerpt = "" if value is MISSING else f"; it is {excerpt_of(value)}"
        return MappingFailed(
            code, f"{self._place}, {key}", f"{' | '.join(sources)[:200]}: {reason}{excerpt}."
        )

    def mark_unreadable(self, error: MappingFailed, key: str) -> MissingValue:
        """Mark a key that cannot be read, as if the tool had not sent it. Raises the error if the key decides
        the meaning of the delivery.
        """
        name = key.removeprefix("fields.")
        if name in DECIDING or error.code == "too_much":
            raise error
        if f"unreadable_{name}" not in self.irregular:
            self.irregular.append(f"unreadable_{name}")
        self.altered[name] = [Alteration.unreadable.value]
        return MISSING

    def values(self, key: str, sources: tuple[str, ...] | None) -> Iterator[Any]:
        """Yield the value of each alternative in turn. An alternative that cannot be evaluated is skipped;
        the last one yields MISSING, or raises MappingFailed if the key is in DECIDING. For keys in _EXACT,
        each alternative counts as the last. If it takes too much work (`too_much`), MappingFailed is raised.
        """
        for n in range(len(sources or ())):
            expression = self._compiled[(*self._path, *key.split("."), n)]
            try:
                value = expression.value(self._variables)
            except ExpressionFailed as error:
                failure = self.failed(error.code, key, str(error))
                if n + 1 < len(sources or ()) and error.code != "too_much" and key not in _EXACT:
                    self._failures.setdefault(key, failure)
                    continue
                value = self.mark_unreadable(failure, key)
            yield value

    def raw(self, key: str, sources: tuple[str, ...] | None) -> Any:
        """Return the first sent value that is not empty; else None if an empty one was sent, else MISSING."""
        raw_value: Any = MISSING
        for value in self.values(key, sources):
            if value is not MISSING and value is not None and value not in ("", {}):
                return value
            if value is not MISSING:
                raw_value = None
        return raw_value

    def applies(self, when: str | None, key: str = "when") -> bool:
        """Return whether the condition is true. A missing value makes it false."""
        if when is None:
            return True
        condition = self.raw(key, (when,))
        if condition is not MISSING and not isinstance(condition, bool):
            raise self.failed("wrong_type", key, "it is neither true nor false", condition)
        return condition is True

    def text(self, key: str, sources: tuple[str, ...] | None, longest: int) -> str | MissingValue | None:
        """Return a text, made fit for its field."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            self._column(key, value)
            return MISSING if value is MISSING else None
        text = scalar(value)
        if text is None:
            return self.mark_unreadable(self.failed("wrong_type", key, "it is not a text", value), key)
        fit_text = self.fit(key.removeprefix("fields."), without_data(text, self.data_files), longest)
        self._column(key, fit_text or None)
        return fit_text or None

    def fit(self, name: str, text: str, longest: int) -> str:
        """Return the text as a field can hold it, with marks of how it differs; one that is cut is whole in
        `whole_texts`.
        """
        if name in _NAMES:
            return fit_name(text, longest) if text.strip() else ""
        fit_text, altered = fit_paragraph(text, longest) if name in LONG_KEYS else fit_line(text, longest)
        if altered:
            codes = (*self.altered.get(name, ()), *(code.value for code in altered))
            self.altered[name] = list(dict.fromkeys(codes))
        if Alteration.cut in altered:
            self.whole_texts[name] = fit_paragraph(text, len(text)).text
        return fit_text

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of the texts that were read, without those that only conditions read."""
        texts = [text for text in self.columns.values() if text]
        files = tuple(
            each for each in self.data_files.files.values() if any(each.name in text for text in texts)
        )
        if self.data_files.left_out or any(each.is_damaged for each in files):
            self.altered["attachments"] = [Alteration.left_out.value]
        return files

    def required_text(self, key: str, sources: tuple[str, ...] | None, longest: int = LONGEST_ID) -> str:
        """Return a text that must be there. Raises MappingFailed."""
        text = self.text(key, sources, longest)
        if not isinstance(text, str):
            if key in self._failures:
                raise self._failures[key]
            raise self.failed("untold", key, "it is missing" if text is MISSING else "it is empty")
        return text

    def optional(self, key: str, sources: tuple[str, ...] | None, longest: int = LONGEST_LINE) -> str | None:
        """Return a text that may be missing."""
        text = self.text(key, sources, longest)
        return text if isinstance(text, str) else None

    def event_time(self, key: str, sources: tuple[str, ...] | None, received_at: datetime) -> EventTime:
        """Return the time by the tool's clock; the time of receipt if the mapping yields no time."""
        if sources is None:
            return EventTime(received_at, True)
        event_time = self.time(key, sources)
        if event_time is None:
            # Without its time it would be taken for the newest, and set a state that is over.
            raise self.failed("not_a_time", key, "there is no time")
        return EventTime(event_time, event_time == received_at)

    def alert_time(self, key: str, sources: tuple[str, ...] | None, received_at: datetime) -> EventTime:
        """Return the time of an alert's change: that of the receipt, with a mark, if the tool's is missing or
        cannot be read, so that somebody is called, and what has cleared ends.
        """
        try:
            return self.event_time(key, sources, received_at)
        except MappingFailed as error:
            if error.code == "too_much":
                raise
        self._mark_time(key)
        return EventTime(received_at, True)

    def time(self, key: str, sources: tuple[str, ...] | None) -> datetime | None:
        """Return the time, None if it is missing. Raises MappingFailed for an invalid one."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            return None
        try:
            return read_time(value)
        except ValueError as error:
            raise self.failed("not_a_time", key, f"it is not a time ({error})", value) from error

    def readable_time(self, key: str, sources: tuple[str, ...] | None) -> datetime | None:
        """Return a time that decides no order: an unreadable one is marked and left out."""
        try:
            return self.time(key, sources)
        except MappingFailed:
            self._mark_time(key)
            return None

    def _mark_time(self, key: str) -> None:
        self.irregular.append(f"bad_{key}")
        self.altered[key] = [Alteration.unreadable.value]

    def person(self, key: str, sources: tuple[str, ...] | None) -> NamedPerson | MissingValue | None:
        """Return the person that is named."""
        value = self.raw(key, sources)
        if value is MISSING or value is None:
            self._column(key, value)
            return MISSING if value is MISSING else None
        if not isinstance(value, dict):
            name = self.text(key, sources, LONGEST_LINE)
            return NamedPerson(name=name) if isinstance(name, str) else name
        # CEL keeps no order of names.
        parts = {k: scalar(value[k]) for k in ("name", "email", "id") if value.get(k) is not None}
        told_parts = {k: part for k, part in parts.items() if part is not None}
        fit_parts = {k: self.fit(key.removeprefix("fields."), p, LONGEST_LINE) for k, p in told_parts.items()}
        names = {k: part for k, part in fit_parts.items() if part}
        if value.keys() - {"name", "email", "id"} or None in parts.values():
            reason = "a person has name, email and id, each a text"
            missing = self.mark_unreadable(self.failed("wrong_type", key, reason), key)
            if not names:
                return missing
        self._column(key, " ".join(names.values()) or None)
        return NamedPerson(**names) if names else None

    def mapped_code(self, key: str, sources: tuple[str, ...] | None, meanings: Dictionary[str, Any]) -> Any:
        """Return the meaning of the first value that has one; MISSING without one, which is then marked.

        A missing value ends the search: those after it mean the same less exactly.
        """
        unknown = None
        for value in self.values(key, sources):
            if value is MISSING:
                break
            code = None if value is None else scalar(value)
            if code is None or not code.strip():
                if value is not None and code is None:
                    return self.mark_unreadable(
                        self.failed("wrong_type", key, "it is not a code", value), key
                    )
                return MISSING if unknown else self._column(key, None)
            unknown = unknown or code.strip()
            meaning = meanings.get(code.strip().lower(), MISSING)
            if meaning is not MISSING:
                self._column(key, fit_line(unknown).text)
                return self._kept_or(meaning, key)
        if unknown is None:
            return MISSING
        self._column(key, fit_line(unknown).text)
        if WILDCARD_CODE in meanings:
            return self._kept_or(meanings[WILDCARD_CODE], key)
        self.irregular.append(UNKNOWN_STATE if key == "status" else f"unknown_{key.removeprefix('fields.')}")
        return MISSING

    def _kept_or(self, meaning: Any, key: str) -> Any:
        if meaning != KEEP_STATE:
            return meaning
        self.kept_keys.add(key)
        return MISSING

    def labels(self, sources: tuple[str, ...] | None) -> dict[str, str]:
        """Return the labels of an alert: those with a value that is a text, a number or a truth value.
        Invalid characters in the name of a label become underscores. `odd_labels` has the changed names.
        """
        value = self.raw("labels", sources)
        if value is MISSING or value is None:
            return {}
        if not isinstance(value, dict):
            self.mark_unreadable(
                self.failed("wrong_type", "labels", "it is not a map of names and values", value), "labels"
            )
            return {}
        labels: dict[str, str] = {}
        for name, each in sorted((str(name), each) for name, each in value.items()):
            text, allowed = scalar(each), label_name(name)
            fit = fit_line(text or "")
            is_held = bool(fit.text) and allowed not in labels and len(labels) < MOST_LABELS
            if is_held:
                labels[allowed] = fit.text
            codes = fit.altered if is_held or not text else (Alteration.left_out,)
            if codes or not is_held or allowed != name:
                self.odd_labels += [as_lines({name: each})] if each not in (None, "") else []
            if codes:
                marks = (*self.altered.get("labels", ()), *(code.value for code in codes))
                self.altered["labels"] = list(dict.fromkeys(marks))
        return labels

    def tags(self, sources: tuple[str, ...] | None) -> frozenset[str] | None:
        """Return the tags of a ticket, as a list or with commas between them; None if they are not sent.
        Invalid characters in a tag become hyphens.
        """
        value = MISSING if sources is None else self.raw("fields.tags", sources)
        if value is MISSING:
            return None
        values = value.split(",") if isinstance(value, str) else value or []
        if not isinstance(values, list):
            self.mark_unreadable(self.failed("wrong_type", "fields.tags", "it is not a list", value), "tags")
            return None
        names = [fit_line(re.sub(r"[,/\\]", "-", scalar(each) or ""), LONGEST_TAG).text for each in values]
        tags = [name for name in dict.fromkeys(names) if is_tag(name)]
        if len(tags) < len(values) or len(tags) > MOST_TAGS:
            self.altered["tags"] = [Alteration.left_out.value]
        return frozenset(tags[:MOST_TAGS])

    def all_assignees(self, sources: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the logins of all who are assigned; none if they are not sent as a list."""
        value = MISSING if sources is None else self.raw("fields.assignees", sources)
        return tuple(str(each) for each in value if scalar(each)) if isinstance(value, list) else ()

    def custom_values(self, sources: Dictionary[str, tuple[str, ...]]) -> dict[str, str | None]:
        """Return the sent values of custom fields, as texts."""
        values: dict[str, str | None] = {}
        for key, each in sources.items():
            value = self.raw(f"custom.{key}", each)
            text = scalar(value) if value is not MISSING and value is not None else None
            if value is None or text is not None:
                values[key] = None if text is None else fit_paragraph(text, LONGEST_PARAGRAPH).text
            elif value is not MISSING:
                self.altered["custom"] = [Alteration.left_out.value]
        return values

    def links(self, sources: tuple[str, ...] | None) -> list[str]:
        """Return links as lines, each with its name: of a map of names and addresses, or lists of them, or
        of a list of addresses or of maps as `{"href": …, "text": …}`.
        """
        lines: dict[str, None] = {}
        for value in self.values("links", sources):
            if value is MISSING or value is None:
                continue
            if not isinstance(value, dict | list):
                self.mark_unreadable(
                    self.failed("wrong_type", "links", "it is not a map or list", value), "links"
                )
                continue
            # CEL keeps no order of names.
            entries = sorted(value.items()) if isinstance(value, dict) else ((None, each) for each in value)
            links = (
                (name, each)
                for name, sent in entries
                for each in (sent if isinstance(sent, list) else [sent])
            )
            lines |= dict.fromkeys(line for name, each in links for line in _link_lines(name, each))
        return list(lines)

    def _column(self, key: str, value: Any) -> Any:
        if value is not MISSING:
            self.columns[key.removeprefix("fields.")] = value
        return value


def is_tag(name: str) -> bool:
    """Return whether a ticket can have a tag of that name."""
    try:
        TagTicket(tag=name)
    except ValidationError:
        return False
    return True


def label_name(name: str) -> str:
    """Return the name as one of a label: with a letter or an underscore first."""
    allowed = re.sub(r"[^A-Za-z0-9_.:/-]", "_", name)[:99]
    return allowed if re.match(r"[A-Za-z_]", allowed) else f"_{allowed}"


def scalar(value: Any) -> str | None:
    """Return a text, number or truth value as text; None for anything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def excerpt_of(value: Any) -> str:
    """Return the value as messages show it: its beginning, or what kind of value it is."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a map"
    return repr(value)[:60]


def _link_lines(name: Any, value: Any) -> list[str]:
    """Return a line for each address of a link: a picture may have its own, and that of a page. A map without
    an address is a line with all of its content.
    """
    if isinstance(value, list):
        return [line for each in value for line in _link_lines(name, each)]
    addresses = [value]
    if isinstance(value, dict):
        addresses = [value[key] for key in _ADDRESSES if value.get(key)] or [as_lines(value)]
        name = next((scalar(value[key]) for key in _LINK_NAMES if value.get(key)), name)
    lines = [fit_line(scalar(address) or "", LONGEST_PARAGRAPH).text for address in addresses]
    label = fit_line(str(name)).text if name is not None else ""
    return [f"{label}: {line}" if label and label != line else line for line in lines if line]
