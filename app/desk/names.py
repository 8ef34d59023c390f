"""Names of the records that a record refers to by an id or a key, which people do not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from app.api.open_actions import action_link
from app.common.records import Record, all_codecs
from app.desk.contract import ScreenContract
from app.desk.forms.definitions import RISK_ANSWERS
from app.desk.forms.fields import FormField
from app.desk.operation_calls import OperationCalls
from app.desk.references import child_names, is_typed, row_name
from app.desk.values import NAMING, record_name, record_title
from app.kernel.actions.lifecycle import Lifecycle

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: A record as the log names it: its kind and its id.
STREAM = re.compile(rf"([a-z_]+)/({ID.pattern})")
#: What may stand for a row within a record: its id or its key.
ROW = re.compile(rf"{ID.pattern}|[a-z][a-z0-9_-]{{0,99}}")
#: Ids, numbers and keys.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,249}")
#: The most names that one page asks for; the others stay keys, and ids are left out.
MOST_NAMES = 24
#: Kinds that most answers name by themselves.
NAMED_ALREADY = frozenset({"person", "team"})


@dataclass
class ReferredNames:
    """Names of records for one page, each asked for once."""

    calls: OperationCalls
    contract: ScreenContract
    lifecycles: Mapping[str, Lifecycle[Any]]
    _records: dict[tuple[str, str], Any] = field(default_factory=dict)

    async def replaced(
        self, lifecycle: Lifecycle[Any], values: Mapping[str, Any], rows: RowNames | None = None
    ) -> dict[str, Any]:
        """Return the values of a record, of a row within it, or of a payload, with what is referred to by
        its name, at any depth. An id that has no name for the reader is left out. `rows` are the names of
        the rows within the record. Raises CallRefused.
        """
        referred = _referred_kinds(self.contract, lifecycle)
        named = {
            name: await self._named(referred, rows, name, value) if name != "id" else value
            for name, value in values.items()
        }
        if values.get(RISK_ANSWERS):
            named[RISK_ANSWERS] = await self._risk_answers(values)
        return named

    async def _named(self, referred: Mapping[str, str], rows: RowNames | None, name: str, value: Any) -> Any:
        """Return the value of the member of that name with names for what it, or a part of it, refers to."""
        if isinstance(value, dict):
            # A stub of a record already has its name.
            if "id" in value:
                return value
            return {inner: await self._named(referred, rows, inner, part) for inner, part in value.items()}
        if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            return [await self._named(referred, rows, name, entry) for entry in value]
        if rows is not None and isinstance(value, str) and ROW.fullmatch(value):
            row_name = await rows.name(name, value)
            if row_name:
                return row_name
        if isinstance(value, str) and (stream := STREAM.fullmatch(value)):
            return await self._stub(stream[1], stream[2])
        return await self.named_records(referred.get(name) or _kind_called(self.lifecycles, name), value)

    async def _risk_answers(self, values: Mapping[str, Any]) -> Any:
        """Return the answers about the risk of a change in words, a line for each question. Return the keys,
        if the reader may not see the questionnaire. Raises CallRefused.
        """
        name = values.get("questionnaire_id") or "current"
        questionnaire = await self.calls.read_if_allowed(f"/v1/risk_questionnaires/{name}")
        if questionnaire is None:
            return values[RISK_ANSWERS]
        text = f"text_{self.calls.language}"
        answers = {
            (question["key"], answer["key"]): f"{question[text]} {answer[text]}"
            for question in questionnaire["questions"]
            for answer in question["answers"]
        }
        pairs = values[RISK_ANSWERS].items()
        return "\n".join(answers.get(pair) or f"{pair[0]}: {pair[1]}" for pair in pairs)

    async def named_records(self, kind: str | None, value: Any) -> Any:
        """Return the name of a record of that kind, or those of several, in place of what stands for it."""
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            named = [await self.named_records(kind, entry) for entry in value]
            return [entry for entry in named if entry is not None]
        if not isinstance(value, str):
            return value
        if kind in NAMED_ALREADY and not ID.fullmatch(value):
            return value
        stub = None if kind is None else await self._stub(kind, value)
        return stub if stub is not None else None if ID.fullmatch(value) else value

    @property
    def _is_full(self) -> bool:
        return len(self._records) >= MOST_NAMES

    async def _stub(self, kind: str, value: str) -> dict[str, Any] | None:
        """Return the record of that name as other records show theirs; None if the reader may not see it."""
        is_new = (kind, value) not in self._records
        # What is no name of a record is no part of an address either.
        if kind not in self.lifecycles or not NAME.fullmatch(value) or (is_new and self._is_full):
            return None
        if is_new:
            plural = self.lifecycles[kind].plural
            fields = [name for name in self.contract.record_fields(plural) or () if name in NAMING]
            parameters = {"fields": ",".join(fields)} if fields else {}
            self._records[kind, value] = await self.calls.read_if_allowed(f"/v1/{plural}/{value}", parameters)
        record = self._records[kind, value]
        if record is None:
            return None
        name = record_name(record, self.calls.language) or value
        return {"kind": kind, "id": value, "name": name, "title": record_title(record)}


@dataclass
class RowNames:
    """Names of the rows within a record, whose lists are read when they are first needed."""

    calls: OperationCalls
    contract: ScreenContract
    plural: str
    record: str
    _lists: dict[str, Mapping[str, str]] = field(default_factory=dict)

    async def name(self, member: str, row: str) -> str | None:
        """Return what people call the row that the member of that name refers to by its id or key; None if it
        is none of the record, or the reader may not see it. Raises CallRefused.
        """
        children = {child.name for child in self.contract.children(self.plural)}
        kind = member.removesuffix("_ids").removesuffix("_id")
        for child in child_names(kind):
            if child in children:
                return (await self._named_rows(child)).get(row)
        return None

    async def _named_rows(self, child: str) -> Mapping[str, str]:
        if child not in self._lists:
            page = await self.calls.read_if_allowed(f"/v1/{self.plural}/{self.record}/{child}")
            rows = () if page is None else page["items"]
            self._lists[child] = {
                row[member]: row_name(row, self.calls.language)
                for row in rows
                for member in ("key", "id")
                if row.get(member)
            }
        return self._lists[child]


def _kind_called(lifecycles: Mapping[str, Lifecycle[Any]], member: str) -> str | None:
    """Return the kind of record that a member of that name holds the id of; None if it names no kind."""
    kind = member.removesuffix("_ids").removesuffix("_id")
    return kind if kind != member and kind in lifecycles else None


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
