"""The form of a webhook mapping, and the document that it stands for (pure).

Each field has sources: a path in the delivery, a fixed value, or an expression as it is written. A document
that the form reads and writes without a change stays the same; what the form does not show is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.desk.administration.mapping_fields import FIELDS, EntryKind, MappingField
from app.expressions.written_documents import NoDocument, read_document

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = re.compile(rf'(?:body|item|headers)(?:\.{_NAME}|\[(?:\d{{1,6}}|"[^"\\]*")\])*')
_BARE_PATH = re.compile(rf'{_NAME}(?:\.{_NAME}|\[(?:\d{{1,6}}|"[^"\\]*")\])*')
_TIME = re.compile(r"time\((.*)\)", re.DOTALL)
_TEXT = re.compile(r'"[^"\\\n]*"')
_COMPARISON = re.compile(rf'({_PATH.pattern}) (==|!=) ("[^"\\\n]*")')
FIRST_ELEMENT = "[0]"


class SourceOrigin(StrEnum):
    """Where a value comes from."""

    path = "path"
    fixed = "fixed"
    expression = "expression"


class EntryCondition(StrEnum):
    """When an entry applies."""

    always = "always"
    equals = "equals"
    differs = "differs"
    expression = "expression"


_OPERATORS = {"==": EntryCondition.equals, "!=": EntryCondition.differs}
_SIGNS = {condition: sign for sign, condition in _OPERATORS.items()}


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A source of a field; of several, the first that has a value counts."""

    origin: SourceOrigin = SourceOrigin.path
    text: str = ""


@dataclass(frozen=True, slots=True)
class FormEntry:
    """An entry of the mapping: its kind, its number in the stored document (None: new), the list whose
    elements it reads, when it applies, and the sources and translated values of its fields, by key.
    """

    kind: EntryKind
    number: int | None = None
    each: FieldSource = FieldSource()
    when: tuple[EntryCondition, str, str] = (EntryCondition.always, "", "")
    sources: Mapping[str, Sequence[FieldSource]] = field(default_factory=dict)
    values: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def sources_of(self, mapped: MappingField) -> Sequence[FieldSource]:
        """Return the sources of that field."""
        return self.sources.get(mapped.key, ())

    def values_of(self, mapped: MappingField) -> Sequence[tuple[str, str]]:
        """Return the translated values of that field: the tool's, and ours as text."""
        return self.values.get(mapped.key, ())


def entries_of(document: Mapping[str, Any]) -> list[FormEntry]:
    """Return the entries of a mapping for its form; those of unknown kinds are left out."""
    kinds = {kind.value for kind in EntryKind}
    return [
        _entry(EntryKind(entry["kind"]), number, entry)
        for number, entry in enumerate(document.get("news", ()))
        if isinstance(entry, Mapping) and entry.get("kind") in kinds
    ]


def entries_in(text: str) -> list[FormEntry] | None:
    """Return the entries of the text for its form; None if the text cannot be read, or has others."""
    if not text.strip():
        return []
    try:
        document = read_document(text)
        entries = entries_of(document)
        return entries if document_of(document, entries) == document else None
    except (NoDocument, WrongPath, LookupError, TypeError, ValueError, AttributeError):
        return None


def _entry(kind: EntryKind, number: int, entry: Mapping[str, Any]) -> FormEntry:
    sources, values = {}, {}
    tables = entry.get("values", {})
    for mapped in FIELDS[kind]:
        written = _written(entry, mapped.key)
        texts = [written] if isinstance(written, str) else list(written or ())
        sources[mapped.key] = [_source(text, mapped.is_time) for text in texts]
        translated = tables.get(mapped.name, {})
        values[mapped.key] = [(theirs, meaning_text(ours)) for theirs, ours in translated.items()]
    return FormEntry(
        kind, number, list_source(entry.get("each", "")), _condition(entry.get("when")), sources, values
    )


def _written(entry: Mapping[str, Any], key: str) -> Any:
    table, _, name = key.rpartition(".")
    return (entry.get(table, {}) if table else entry).get(name)


def _source(expression: str, is_time: bool) -> FieldSource:
    read_time = _TIME.fullmatch(expression) if is_time else None
    path = read_time[1] if read_time else expression
    if (not is_time or read_time) and (not path or _PATH.fullmatch(path)):
        return FieldSource(SourceOrigin.path, path)
    if _TEXT.fullmatch(expression) and not is_time:
        return FieldSource(SourceOrigin.fixed, expression[1:-1])
    return FieldSource(SourceOrigin.expression, expression)


def list_source(text: str) -> FieldSource:
    """Return the list that an entry reads: a path, or an expression."""
    return FieldSource(
        SourceOrigin.path if not text or _BARE_PATH.fullmatch(text) else SourceOrigin.expression, text
    )


def _condition(expression: str | None) -> tuple[EntryCondition, str, str]:
    if expression is None:
        return EntryCondition.always, "", ""
    compared = _COMPARISON.fullmatch(expression)
    if compared is None:
        return EntryCondition.expression, expression, ""
    return _OPERATORS[compared[2]], compared[1], compared[3][1:-1]


def meaning_text(meaning: Any) -> str:
    """Return our value of a translation as the text of a choice; a status can be a table of codes."""
    return meaning if isinstance(meaning, str) else json.dumps(meaning, ensure_ascii=False, sort_keys=True)


def _meaning(text: str) -> Any:
    return json.loads(text) if text.startswith("{") else text


def document_of(stored: Mapping[str, Any], entries: Sequence[FormEntry]) -> dict[str, Any]:
    """Return the mapping that the form stands for: the stored document with these entries.

    Raises WrongPath for what is not a path.
    """
    stored_entries = stored.get("news", ())
    news = [
        _stored_entry(entry, {} if entry.number is None else stored_entries[entry.number])
        for entry in entries
    ]
    return {**stored, "news": news}


class WrongPath(Exception):
    """A text that is not a path of a delivery."""


def _stored_entry(entry: FormEntry, before: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"kind": entry.kind.value}
    root = "item" if entry.each.text else "body"
    if entry.when[0] is not EntryCondition.always:
        result["when"] = _when(entry.when, root)
    if entry.each.text:
        result["each"] = _expression(entry.each, False, "body")
    tables: dict[str, dict[str, Any]] = {"fields": {}, "values": {}}
    form_keys = {"kind", "when", "each", *tables}
    for mapped in FIELDS[entry.kind]:
        table, _, name = mapped.key.rpartition(".")
        form_keys.add(mapped.key)
        written = [_expression(each, mapped.is_time, root) for each in entry.sources_of(mapped) if each.text]
        if not written:
            continue
        place = tables[table] if table else result
        as_list = len(written) > 1 or isinstance(_written(before, mapped.key), list)
        place[name] = written if as_list else written[0]
        translated = {theirs: _meaning(ours) for theirs, ours in entry.values_of(mapped) if theirs and ours}
        if translated:
            tables["values"][name] = translated
    remaining = {name: value for name, value in before.items() if name not in form_keys}
    return {**result, **remaining, **{name: table for name, table in tables.items() if table}}


def _when(when: tuple[EntryCondition, str, str], root: str) -> str:
    condition, path, text = when
    if condition is EntryCondition.expression:
        return path
    return f"{_path(path, root)} {_SIGNS[condition]} {_literal(text)}"


def _expression(source: FieldSource, is_time: bool, root: str) -> str:
    if source.origin is SourceOrigin.expression:
        return source.text
    if source.origin is SourceOrigin.fixed:
        literal = _literal(source.text)
        return f"time({literal})" if is_time else literal
    path = _path(source.text, root)
    return f"time({path})" if is_time else path


def _path(text: str, root: str) -> str:
    """Return the path; one without a root begins at `root`. Raises WrongPath."""
    path = text.strip()
    if _PATH.fullmatch(path):
        return path
    if not _BARE_PATH.fullmatch(path):
        raise WrongPath(text)
    return f"{root}.{path}"


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def offered_paths(
    values: Sequence[Mapping[str, str]], entries: Sequence[FormEntry]
) -> Iterator[tuple[str, str]]:
    """Yield the paths of a delivery with their values: those in the first element of a list that an entry
    reads also as paths of this element.
    """
    lists = {each.text for entry in entries if (each := entry.each).text and each.origin is SourceOrigin.path}
    for value in values:
        for path in sorted(lists):
            if value["path"].startswith(f"{path}{FIRST_ELEMENT}"):
                yield f"item{value['path'].removeprefix(path).removeprefix(FIRST_ELEMENT)}", value["value"]
        yield value["path"], value["value"]
