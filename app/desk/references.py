"""References of forms: typed in words, found by what they are called, and sent as the contract has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

from app.desk.contract import ScreenContract
from app.desk.forms.fields import FieldKind, FormField, is_file
from app.desk.forms.inputs import Inputs, pointer_of
from app.desk.forms.instants import SHOWN_VALUE_PREFIX
from app.desk.forms.pointers import field_at
from app.desk.operation_calls import OperationCalls
from app.desk.record_lists import RecordLists
from app.desk.values import ID, NAME_MEMBERS
from app.i18n import LANGUAGES

#: A record within the record whose form it is: chosen from its list, not typed.
WITHIN_RECORD = "record"
MOST_HITS = "20"
#: Separator between the name of a proposal and the detail that distinguishes it.
DETAIL = " · "
#: The most names that one form has looked up, as many as its longest list takes; others are sent as typed.
MOST_LOOKUPS = 500
#: The status of an answer to somebody who may not read a list.
FORBIDDEN = 403
#: Lists of the records whose keys tools may send without a record: where people type them, they choose.
CATEGORY = "category"
LISTS_OF_KEYS: Mapping[str, str] = {
    "service": "services",
    CATEGORY: "categories",
    "ci": "cis",
    "calendar": "calendars",
}
#: Fields that can name a row within a record, the best first.
ROW_NAMES = ("title", "question", "name", "text", "subject", "label", "number", "key")


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that a typed text may mean: what the reference takes, and what people call it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A typed text, the records that it may mean, and the other texts of the same field."""

    text: str
    hits: tuple[Hit, ...]
    other_texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedInputs:
    """Inputs with values in place of the typed texts. By their pointers: the texts that may mean several
    records, and those that mean no record that the reader may see. `is_unlisted`: the operation would store
    such a text as it is, since tools may send keys that mean nothing here.
    """

    inputs: Mapping[str, Sequence[str]]
    ambiguous: Mapping[str, Ambiguous]
    unknown: Mapping[str, Sequence[str]]
    is_unlisted: bool = False

    @property
    def must_choose(self) -> bool:
        """Whether people must choose a record before the form can be sent."""
        return bool(self.ambiguous) or self.is_unlisted


async def find_hits(
    calls: OperationCalls, reference: Mapping[str, Any], text: str, process: str
) -> list[Hit]:
    """Return the records that the reference may name and whose name begins so; of kinds that each process
    has for itself, those of the process. Raises CallRefused.
    """
    # Chinese keyboards may type the Latin letters of a name in full width.
    typed = normalize("NFKC", text)
    parameters = {
        "kind": reference["kind"],
        "q": typed,
        "process": process,
        "limit": MOST_HITS,
    } | ({"duty": reference["duty"]} if "duty" in reference else {})
    page = await calls.read_if_allowed("/v1/lookup", parameters)
    return [_hit(reference, entry) for entry in (page or {"items": ()})["items"]]


async def _is_key(calls: OperationCalls, kind: str, text: str, process: str) -> bool:
    """Return whether the text may be the key of such a record: also of one that the search does not find yet,
    or that the reader may not look up.
    """
    chosen = {"key": text, "limit": "1", **({"process": process} if kind == CATEGORY else {})}
    answer = await calls.send("GET", f"/v1/{LISTS_OF_KEYS[kind]}", parameters=chosen)
    return bool(answer.document["items"]) if answer.is_success else answer.status == FORBIDDEN


def _hit(reference: Mapping[str, Any], entry: Mapping[str, Any]) -> Hit:
    by = reference.get("by", "value")
    value = entry["title"] if by == "name" else entry.get(by) or entry["id"]
    label = entry["label"] if not entry.get("detail") else f"{entry['label']}{DETAIL}{entry['detail']}"
    return Hit(str(value), label)


async def resolve_references(
    calls: OperationCalls, fields: Sequence[FormField], inputs: Inputs, process: str
) -> ResolvedInputs:
    """Return the inputs with typed names replaced by the values that they mean. A text that names no record
    stays, because the operation may accept it.
    """
    resolved, ambiguous, unknown = dict(inputs), dict[str, Ambiguous](), dict[str, list[str]]()
    left, is_unlisted = MOST_LOOKUPS, False
    for pointer, texts in inputs.items():
        field = field_at(fields, pointer) if pointer.startswith("/") else None
        if field is None or not is_typed(field) or not any(texts):
            continue
        lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
        shown_first = dict(_first_shown(inputs, pointer))
        values = []
        for line in lines:
            hits: list[Hit] = []
            if line in shown_first:
                hits = [Hit(shown_first[line], line)]
            elif left > 0:
                left -= 1
                hits = await meant_records(calls, field, line, process)
            if len(hits) > 1:
                other_lines = tuple(other for other in lines if other != line)
                ambiguous[pointer] = Ambiguous(line, tuple(_told_apart(hits)), other_lines)
            if not hits and left > 0 and await _is_unknown(calls, field, line, process):
                unknown.setdefault(pointer, []).append(line)
                is_unlisted |= names_key(field)
            values.append(hits[0].value if len(hits) == 1 else line)
        resolved[pointer] = ["\n".join(values)]
    return ResolvedInputs(resolved, ambiguous, unknown, is_unlisted)


async def _is_unknown(calls: OperationCalls, field: FormField, text: str, process: str) -> bool:
    """Return whether a text without a hit is to be chosen anew: it is no id, and no name that is free."""
    assert field.reference is not None
    if names_key(field):
        return not await _is_key(calls, field.reference["kind"], text, process)
    return not ID.fullmatch(text) and not field.reference.get("open")


def _told_apart(hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield the records with labels of which no two are alike."""
    counts: dict[str, int] = {}
    for hit in hits:
        number = counts[hit.label] = counts.get(hit.label, 0) + 1
        yield hit if number == 1 else Hit(hit.value, f"{hit.label} ({number})")


def is_typed(field: FormField) -> bool:
    """Return whether the field names records of the whole service, so that their names are typed."""
    return field.reference is not None and not names_row(field) and not is_file(field)


def names_row(field: FormField) -> bool:
    """Return whether the field names a row within the record whose form it is."""
    return field.reference is not None and field.reference.get("within") == WITHIN_RECORD


def with_rows_named(fields: Sequence[FormField], lists: Collection[str]) -> tuple[FormField, ...]:
    """Return the fields of which those in parts that take the id of a row name it, if one of the record's
    lists has such rows: the milestones of which progress is reported are chosen, not typed.
    """
    return tuple(replace(field, inner_fields=_rows_named(field.inner_fields, lists)) for field in fields)


def _rows_named(fields: Sequence[FormField], lists: Collection[str]) -> tuple[FormField, ...]:
    return tuple(
        replace(field, reference={"kind": field.name, "within": WITHIN_RECORD, "by": "id"})
        if field.reference is None
        and field.schema.get("format") == "uuid"
        and any(name in lists for name in child_names(field.name))
        else replace(field, inner_fields=_rows_named(field.inner_fields, lists))
        for field in fields
    )


def names_key(field: FormField) -> bool:
    """Return whether the field takes a key for which its operation demands no record."""
    reference = field.reference or {}
    return bool(reference.get("open")) and reference["kind"] in LISTS_OF_KEYS


async def meant_records(calls: OperationCalls, field: FormField, text: str, process: str) -> list[Hit]:
    """Return the records that the text means: those that are called so if there are any, else all that have
    it in their name.
    """
    assert field.reference is not None
    if text == "me" and field.reference["kind"] == "person":
        return [Hit(text, text)]
    # A chosen proposal has a detail behind its name, which no search finds.
    hits = await find_hits(calls, field.reference, text.split(DETAIL, maxsplit=1)[0], process)
    typed = folded(text)
    called_so = [hit for hit in hits if typed in (folded(hit.value), folded(hit.label))]
    begun_so = [hit for hit in hits if _begins_with(hit, typed)]
    # Where a name that no record has is taken, too, that may be what was typed.
    is_free = field.reference.get("open") and not names_key(field)
    return called_so or begun_so or ([] if is_free else hits)


def _begins_with(hit: Hit, typed: str) -> bool:
    """Return whether the record's name is the typed one, or has it as its first words."""
    label = folded(hit.label)
    return label.split(DETAIL)[0] == typed or label.startswith(f"{typed} ")


def is_full_name(hit: Hit, text: str) -> bool:
    """Return whether the text is all of the record's name, number or key."""
    return folded(text) in (folded(hit.value), folded(hit.label), folded(hit.label.split(DETAIL)[0]))


def folded(text: str) -> str:
    """Return the text for the comparison of names: without regard to case, width and spaces."""
    return " ".join(normalize("NFKC", text).casefold().split())


def _first_shown(inputs: Inputs, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that the form showed for the field, each with its value."""
    for pair in inputs.get(f"{SHOWN_VALUE_PREFIX}{pointer}", ()):
        value, _, text = pair.partition(" ")
        yield text.strip(), value


def shown_references(
    fields: Sequence[FormField], record: Mapping[str, Any], within: str = ""
) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """Return the values of a record, or of the part `within` it, as fields show them, with references by
    their names, the values as fields send them, and the inputs that keep each shown name with its value.
    """
    named: dict[str, Any] = {}
    sent: dict[str, Any] = {}
    shown_first: dict[str, list[str]] = {}
    for field in fields:
        value, pointer = record.get(field.name), pointer_of(within, field.name)
        if value is None or not _fits(field, value):
            continue
        if is_typed(field):
            pairs = [_stub(field, stub) for stub in (value if isinstance(value, list) else [value])]
            texts, values = [text for _, text in pairs], [value for value, _ in pairs]
            several = isinstance(value, list)
            named[field.name], sent[field.name] = (texts, values) if several else (texts[0], values[0])
            shown_first[f"{SHOWN_VALUE_PREFIX}{pointer}"] = [f"{value} {text}" for value, text in pairs]
        elif field.kind in (FieldKind.part, FieldKind.rows):
            parts = value if isinstance(value, list) else [value]
            places = [pointer_of(pointer, n) for n in range(len(parts))] if value is parts else [pointer]
            converted = [
                _shown_part(field.inner_fields, part, place)
                for part, place in zip(parts, places, strict=True)
            ]
            of_parts = [names for names, _, _ in converted], [values for _, values, _ in converted]
            several = isinstance(value, list)
            named[field.name], sent[field.name] = of_parts if several else (of_parts[0][0], of_parts[1][0])
            shown_first.update(pair for _, _, texts in converted for pair in texts.items())
        else:
            named[field.name] = sent[field.name] = value
    return named, sent, shown_first


def _shown_part(
    fields: Sequence[FormField], part: Mapping[str, Any], within: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, list[str]]]:
    """Return a part of a record likewise, with its members that are null: they may have a usual value."""
    named, sent, shown_first = shown_references(fields, part, within)
    nulls = {name: None for name, value in part.items() if value is None}
    return nulls | named, nulls | sent, shown_first


def _fits(field: FormField, value: Any) -> bool:
    """Return whether the answer's value is one that the field can send."""
    is_object = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(entry, dict) for entry in value)
    )
    takes_object = field.kind in (FieldKind.part, FieldKind.rows, FieldKind.pairs, FieldKind.anything)
    return is_typed(field) or is_object is takes_object or (takes_object and not value)


def _stub(field: FormField, stub: Any) -> tuple[str, str]:
    """Return what the field sends for a stub, and what people call it."""
    if not isinstance(stub, dict):
        return str(stub), str(stub)
    assert field.reference is not None
    value = str(stub.get(field.reference.get("by", "id")) or stub["id"])
    return value, next((str(stub[name]) for name in NAME_MEMBERS if stub.get(name)), value)


async def rows_within(
    calls: OperationCalls, contract: ScreenContract, fields: Sequence[FormField], plural: str, record: str
) -> dict[str, list[Hit]]:
    """Return, by their kind, the rows within the record that the fields may name. Raises CallRefused."""
    rows = {}
    children = {child.name for child in contract.children(plural)}
    for reference in _within(fields):
        name = next((name for name in child_names(reference["kind"]) if name in children), None)
        if name is not None:
            listed = await RecordLists(calls, contract, plural, record).all_rows_if_allowed(name)
            rows_left = [row for row in listed if row_name(row, calls.language) or not _is_withdrawn(row)]
            rows[reference["kind"]] = [_row_hit(reference, row, calls.language) for row in rows_left]
    return rows


def _is_withdrawn(row: Mapping[str, Any]) -> bool:
    return row.get("withdrawn_at") is not None


def _within(fields: Sequence[FormField]) -> Iterator[Mapping[str, Any]]:
    for field in fields:
        if field.reference is not None and names_row(field):
            yield field.reference
        yield from _within(field.inner_fields)


def child_names(kind: str) -> Iterator[str]:
    """Yield by what names a list of that kind may stand within a record: `risk_actions`, `actions`."""
    words = kind.removesuffix("_entry").removesuffix("_item").split("_")
    for begin in range(len(words)):
        name = "_".join(words[begin:])
        yield from (f"{name}s", name)


def row_value(reference: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return by what the reference names the row within a record."""
    return str(row.get(reference["by"]) or row["id"])


def _row_hit(reference: Mapping[str, Any], row: Mapping[str, Any], language: str) -> Hit:
    value = row_value(reference, row)
    texts = [text for name, text in row.items() if isinstance(text, str) and name != "id"]
    return Hit(value, row_name(row, language) or next(iter(texts), value))


def has_row_name(fields: Collection[str]) -> bool:
    """Return whether rows with these fields can have names for people."""
    return any(name in fields or f"{name}_{LANGUAGES[0]}" in fields for name in ROW_NAMES)


def row_name(row: Mapping[str, Any], language: str) -> str:
    """Return what people call the row within a record; nothing if it has no name."""
    names = (row.get(f"{name}_{language}") or row.get(name) for name in ROW_NAMES)
    return next((str(name) for name in names if name), "")
