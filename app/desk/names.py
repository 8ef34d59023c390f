"""Names of the records that a record refers to by an id or a key, which people do not read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from app.api.listings.name_routes import MOST_REFERENCES
from app.api.open_actions import action_link
from app.common.records import Record, all_codecs
from app.desk.answered import AnsweredForms
from app.desk.contract import ScreenContract
from app.desk.forms.fields import FormField
from app.desk.operation_calls import OperationCalls
from app.desk.record_lists import RecordLists
from app.desk.references import child_names, has_row_name, is_typed, row_name
from app.desk.timeline import RECORD
from app.desk.values import record_title
from app.kernel.actions.lifecycle import Lifecycle

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: A record as the log names it, by its kind and its id, or as scopes name it, by its kind and key or number.
STREAM = re.compile(rf"([a-z_]+)/({ID.pattern})")
NAMED_STREAM = re.compile(r"([a-z_]+)/([A-Za-z0-9][A-Za-z0-9._-]{0,99})")
#: Key of a KPI that is measured for the subject of a record.
MEASURED_OF = re.compile(rf"(kpi:[a-z0-9_]+:)({NAMED_STREAM.pattern})")
#: The key of a team, which no name of a team looks like.
TEAM_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*")
#: Name of a row within a record: its id or its key.
ROW = re.compile(rf"{ID.pattern}|[a-z][a-z0-9_-]{{0,99}}")
#: Ids, numbers and keys.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,249}")
#: Kinds that most answers name by themselves.
NAMED_ALREADY = frozenset({"person", "team"})
#: Members that name a record whose kind stands in another member.
KIND_MEMBERS = {"value": "dimension"}
#: Kinds whose keys stand in members with the name of the kind, or a name that ends with it: `ci_services`.
KEYED_KINDS = ("service", "catalogue_item", "calendar", "category")
#: Members that name a record of one kind under another name, if they name any.
OTHER_MEMBERS = {"subject": "service", "stage_set": "release_stage_set"}
#: A kind of record, and the name by which a record of it is referred to.
Reference = tuple[str, str]
NO_MORE: Mapping[str, str] = {}


@dataclass
class ReferredNames:
    """Names of records for one page, each asked for once."""

    calls: OperationCalls
    contract: ScreenContract
    lifecycles: Mapping[str, Lifecycle[Any]]
    _records: dict[Reference, Mapping[str, Any] | None] = field(default_factory=dict)
    _answered: AnsweredForms = field(init=False)

    def __post_init__(self) -> None:
        """Read the answered forms by the same calls."""
        self._answered = AnsweredForms(self.calls)

    async def replaced(
        self, lifecycle: Lifecycle[Any], values: Mapping[str, Any], rows: RowNames | None = None
    ) -> dict[str, Any]:
        """Return the values of a record, of a row within it, or of a payload, with what is referred to by its
        name, at any depth. An id that has no name for the reader is left out. `rows` are the names of the
        rows within the record. Raises CallRefused.
        """
        return (await self.replaced_in_all(lifecycle, [values], rows=rows))[0]

    async def replaced_in_all(
        self,
        lifecycle: Lifecycle[Any],
        records: Sequence[Mapping[str, Any]],
        more: Mapping[str, str] = NO_MORE,
        rows: RowNames | None = None,
    ) -> list[dict[str, Any]]:
        """Return the values of several records, rows or payloads of one kind likewise, for which all names
        are looked up together. `more`: the kinds that other fields refer to. Raises CallRefused.
        """
        referred = {**_referred_kinds(self.contract, lifecycle), **more}
        texts = [pair for values in records for pair in _texts_in(values)]
        references = [each for name, text in texts for each in self._references(referred, name, text)]
        reads = [self._look_up(references), self._answered.read(records)]
        if rows is not None:
            reads.append(rows.read(texts))
        await asyncio.gather(*reads)
        return [self._replaced(referred, rows, values) for values in records]

    async def titles(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """Return what people call the records of that kind with these keys, numbers or ids, by these;
        without those that the reader may not see. Raises CallRefused.
        """
        references = {name: (kind, name) for name in names if NAME.fullmatch(name)}
        await self._look_up(references.values())
        records = {name: self._records.get(reference) for name, reference in references.items()}
        return {
            name: record["number"] or record["title"] or name
            for name, record in records.items()
            if record is not None
        }

    def _references(self, referred: Mapping[str, str], name: str, text: str) -> Iterator[Reference]:
        """Yield the record that the text in the member of that name refers to, if it needs a name."""
        measured = MEASURED_OF.fullmatch(text)
        if stream := NAMED_STREAM.fullmatch(measured[2] if measured else text):
            kind, text = stream[1], stream[2]
        else:
            kind = self._kind_of(referred, name) or ""
        # A text that cannot be the name of a record is not asked for.
        is_key = ID.fullmatch(text) or (kind == "team" and TEAM_KEY.fullmatch(text))
        is_named = kind in NAMED_ALREADY and not is_key
        if kind in self.lifecycles and not is_named and NAME.fullmatch(text):
            yield kind, text

    def _kind_of(self, referred: Mapping[str, str], member: str) -> str | None:
        """Return the kind of record that a member of that name holds the id of; None if it names no kind."""
        if member in referred:
            return referred[member]
        kinds = (member.removesuffix("_ids").removesuffix("_id"), member, member.removesuffix("s"))
        own = next((kind for kind in kinds if kind in self.lifecycles), None)
        ends = (kind for kind in KEYED_KINDS if member.removesuffix("s").endswith(f"_{kind}"))
        return own or next(ends, None) or OTHER_MEMBERS.get(member)

    async def _look_up(self, references: Iterable[Reference]) -> None:
        room = MOST_REFERENCES - len(self._records)
        new = [each for each in dict.fromkeys(references) if each not in self._records][:room]
        if new:
            joined = ",".join(f"{kind}/{name}" for kind, name in new)
            answer = await self.calls.read("/v1/names", {"reference": joined})
            records = (item["record"] for item in answer["items"])
            self._records.update(zip(new, records, strict=True))

    def _replaced(
        self, referred: Mapping[str, str], rows: RowNames | None, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        named = {
            name: value if name == "id" else self._named(referred, rows, _member(values, name), value)
            for name, value in values.items()
        }
        return named | self._answered.spoken_answers(values)

    def _named(self, referred: Mapping[str, str], rows: RowNames | None, name: str, value: Any) -> Any:
        """Return the value of the member of that name with names for what it, or a part of it, refers to."""
        if isinstance(value, dict):
            # A stub of a record already has its name.
            if "id" in value:
                return value
            members = ((inner, _member(value, inner), part) for inner, part in value.items())
            return {inner: self._named(referred, rows, member, part) for inner, member, part in members}
        if isinstance(value, list):
            named = [self._named(referred, rows, name, entry) for entry in value]
            pairs = zip(named, value, strict=True)
            return [part for part, entry in pairs if part is not None or entry is None]
        if not isinstance(value, str):
            return value
        row = None if rows is None else rows.name(name, value)
        return row or self._named_text(referred, name, value)

    def _named_text(self, referred: Mapping[str, str], name: str, text: str) -> Any:
        for reference in self._references(referred, name, text):
            record = self._records.get(reference)
            if record is not None and (measured := MEASURED_OF.fullmatch(text)):
                return f"{measured[1]}{reference[0]}/{self._called(reference, record)}"
            if record is not None:
                title = record_title(record)
                called = self._called(reference, record)
                return {"kind": reference[0], "id": reference[1], "name": called, "title": title}
        return None if ID.fullmatch(text) or STREAM.fullmatch(text) else text

    def _called(self, reference: Reference, record: Mapping[str, Any]) -> str:
        """Return what people call the record; the kind, if it has only an id."""
        called = record["number"] or record["title"] or record["key"]
        return str(called or self.lifecycles[reference[0]].label(self.calls.language))


def _member(values: Mapping[str, Any], name: str) -> str:
    """Return the name of the member; for a value whose kind is in another member, a name with that kind."""
    kind = values.get(KIND_MEMBERS[name]) if name in KIND_MEMBERS else None
    return f"{kind}_id" if isinstance(kind, str) else name


def _texts_in(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield all texts in the values, at any depth, each with the name of its member; stubs of records, which
    have their names, and ids of their own left out.
    """
    for name, value in ((_member(values, name), value) for name, value in values.items()):
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(entry, dict) and "id" not in entry:
                yield from _texts_in(entry)
            elif isinstance(entry, str) and name != "id":
                yield name, entry


@dataclass
class RowNames:
    """Names of the rows within a record. `read` reads the lists that `name` needs."""

    calls: OperationCalls
    contract: ScreenContract
    plural: str
    record: str
    _lists: dict[str, dict[str, str]] = field(default_factory=dict)
    _incomplete: set[str] = field(default_factory=set)

    def name(self, member: str, row: str) -> str | None:
        """Return the name of the row that the member of that name refers to by its id or key; None if it is
        not a row of the record, or the reader may not see it.
        """
        child = self._list_of(member, row)
        return None if child is None else self._lists.get(child, {}).get(row) or None

    async def read(self, texts: Iterable[tuple[str, str]]) -> None:
        """Read the lists whose rows these texts, each with the name of its member, may refer to."""
        needed = dict.fromkeys(
            child
            for member, text in texts
            if (child := self._list_of(member, text)) is not None and self._is_unread(child, text)
        )
        lists = RecordLists(self.calls, self.contract, self.plural, self.record)
        pages = await asyncio.gather(*map(lists.all_rows_if_allowed, needed))
        for child, rows in zip(needed, pages, strict=True):
            self.add(child, rows)

    def add(self, child: str, rows: Iterable[Mapping[str, Any]], *, is_complete: bool = True) -> None:
        """Add the names of rows of a list; unless `is_complete`, it has more rows."""
        self._lists[child] = self._lists.get(child, {}) | {
            row[member]: row_name(row, self.calls.language)
            for row in rows
            for member in ("key", "id")
            if row.get(member)
        }
        (self._incomplete.discard if is_complete else self._incomplete.add)(child)

    def add_written(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Add the names of the rows that these events of the record have written, in the order of the log. An
        event that adds a row has all its fields; a row that was only changed may have a name from before.
        """
        rows: dict[str, dict[str, Any]] = {}
        for event in events:
            for key, fields in event["set"].items():
                if key in rows or RECORD in (fields or {}):
                    rows[key] = rows.get(key, {}) | (fields or {})
        by_list: dict[str, list[Mapping[str, Any]]] = {}
        for key, fields in rows.items():
            kind, _, row = key.partition("/")
            child = self._list_of(kind, row)
            if child is not None and row_name(fields, self.calls.language):
                by_list.setdefault(child, []).append({**fields, "id": row})
        for child, child_rows in by_list.items():
            self.add(child, child_rows, is_complete=False)

    def _is_unread(self, child: str, text: str) -> bool:
        """Return whether the row of that id or key may stand in a part of the list that was not read."""
        return child not in self._lists or (child in self._incomplete and text not in self._lists[child])

    def _list_of(self, member: str, text: str) -> str | None:
        """Return the list whose rows the text in the member of that name may refer to, if they have names."""
        if not ROW.fullmatch(text):
            return None
        children = {child.name: child for child in self.contract.children(self.plural)}
        kind = member.removesuffix("_ids").removesuffix("_id")
        name = next((child for child in child_names(kind) if child in children), None)
        fields = children[name].fields if name is not None else ()
        identifier = "id" if ID.fullmatch(text) else "key"
        return name if identifier in fields and has_row_name(fields) else None


@cache
def _referred_kinds(contract: ScreenContract, lifecycle: Lifecycle[Any]) -> Mapping[str, str]:
    """Return the kinds that the fields of such records, and of their payloads, name by an id or a key."""
    return dict([*_of_record(lifecycle), *_of_payloads(contract, lifecycle)])


def _of_record(lifecycle: Lifecycle[Any]) -> Iterator[tuple[str, str]]:
    records: tuple[type[Record], ...] = (*lifecycle.children, lifecycle.record)
    for record in records:
        for name, codec in all_codecs(record).items():
            if codec.refers is not None:
                yield name, codec.refers.kind
            elif codec.key_of is not None:
                yield name, codec.key_of.kind


def _of_payloads(contract: ScreenContract, lifecycle: Lifecycle[Any]) -> Iterator[tuple[str, str]]:
    for row in lifecycle.rows:
        yield from _of_fields(contract.form(action_link(lifecycle, row).body_schema).fields)


def _of_fields(fields: Sequence[FormField]) -> Iterator[tuple[str, str]]:
    for member in fields:
        yield from _of_fields(member.inner_fields)
        if member.reference is not None and is_typed(member):
            yield member.name, member.reference["kind"]
