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
from app.desk.contract import ScreenContract
from app.desk.forms.definitions import RISK_ANSWERS
from app.desk.operation_calls import OperationCalls
from app.desk.references import is_typed
from app.desk.values import record_title
from app.kernel.actions.lifecycle import Lifecycle

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Ids, numbers and keys.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,249}")
#: One page reads so many questionnaires: that of the record, and the current one. Answers to others stay
#: keys.
MOST_QUESTIONNAIRES = 2
#: Kinds that answers name by themselves.
NAMED_ALREADY = frozenset({"person", "team"})
#: A kind of record, and the name by which a record of it is referred to.
Reference = tuple[str, str]
NO_MORE: Mapping[str, str] = {}


@dataclass
class ReferredNames:
    """Names of records for one page, looked up together, and each once. A page looks up as many as one call
    takes; the other keys stay, and the other ids are left out.
    """

    calls: OperationCalls
    contract: ScreenContract
    lifecycles: Mapping[str, Lifecycle[Any]]
    _records: dict[Reference, Mapping[str, Any] | None] = field(default_factory=dict)
    _questionnaires: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)

    async def replaced(self, lifecycle: Lifecycle[Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a record, or of a payload, with references replaced by names. An id that has
        no name for the reader is left out. Raises CallRefused.
        """
        return (await self.replaced_in_all(lifecycle, [values]))[0]

    async def replaced_in_all(
        self,
        lifecycle: Lifecycle[Any],
        records: Sequence[Mapping[str, Any]],
        more: Mapping[str, str] = NO_MORE,
    ) -> list[dict[str, Any]]:
        """Return the values of several records or payloads of one kind likewise. `more`: the kinds that other
        fields refer to. Raises CallRefused.
        """
        referred = {**_referred_kinds(self.contract, lifecycle), **more}
        references = [reference for values in records for reference in self._references(referred, values)]
        questionnaires = [_questionnaire(values) for values in records if values.get(RISK_ANSWERS)]
        await asyncio.gather(self._look_up(references), self._read_questionnaires(questionnaires))
        return [self._replaced(referred, values) for values in records]

    def _references(self, referred: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[Reference]:
        """Yield the records that the values refer to and that need a name."""
        for name, value in values.items():
            kind = referred.get(name)
            if kind is None or name == "id" or kind in NAMED_ALREADY or kind not in self.lifecycles:
                continue
            for entry in value if isinstance(value, list) else [value]:
                # A text that cannot be the name of a record is not asked for.
                if isinstance(entry, str) and NAME.fullmatch(entry):
                    yield kind, entry

    async def _look_up(self, references: Iterable[Reference]) -> None:
        room = MOST_REFERENCES - len(self._records)
        new = [each for each in dict.fromkeys(references) if each not in self._records][:room]
        if new:
            joined = ",".join(f"{kind}/{name}" for kind, name in new)
            answer = await self.calls.read("/v1/names", {"reference": joined})
            records = (item["record"] for item in answer["items"])
            self._records.update(zip(new, records, strict=True))

    async def _read_questionnaires(self, names: Iterable[str]) -> None:
        room = MOST_QUESTIONNAIRES - len(self._questionnaires)
        new = [each for each in dict.fromkeys(names) if each not in self._questionnaires][:room]
        reads = [self.calls.read_if_allowed(f"/v1/risk_questionnaires/{name}") for name in new]
        self._questionnaires.update(zip(new, await asyncio.gather(*reads), strict=True))

    def _replaced(self, referred: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
        named = {
            name: value if name == "id" else self._named(referred.get(name), value)
            for name, value in values.items()
        }
        if values.get(RISK_ANSWERS):
            named[RISK_ANSWERS] = self._risk_answers(values)
        return named

    def _named(self, kind: str | None, value: Any) -> Any:
        """Return the name of a record of that kind, or those of several, in place of the reference."""
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            named = [self._named(kind, entry) for entry in value]
            return [entry for entry in named if entry is not None]
        if not isinstance(value, str) or kind in NAMED_ALREADY:
            return value
        record = None if kind is None else self._records.get((kind, value))
        if record is None:
            return None if ID.fullmatch(value) else value
        name = record["number"] or record["title"] or record["key"] or value
        return {"kind": kind, "id": value, "name": name, "title": record_title(record)}

    def _risk_answers(self, values: Mapping[str, Any]) -> Any:
        """Return the answers about the risk of a change in words, a line for each question. Return the keys
        if the reader may not see the questionnaire.
        """
        questionnaire = self._questionnaires.get(_questionnaire(values))
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


def _questionnaire(values: Mapping[str, Any]) -> str:
    """Return the name of the questionnaire whose questions were answered."""
    return values.get("questionnaire_id") or "current"


@cache
def _referred_kinds(contract: ScreenContract, lifecycle: Lifecycle[Any]) -> Mapping[str, str]:
    """Return the kinds that the fields of such records, and of their payloads, name by an id or a key."""
    return dict([*_of_record(lifecycle), *_of_payloads(contract, lifecycle)])


def _of_record(lifecycle: Lifecycle[Any]) -> Iterator[tuple[str, str]]:
    record: type[Record] = lifecycle.record
    for name, codec in all_codecs(record).items():
        if codec.refers is not None:
            yield name, codec.refers.kind
        elif codec.key_of is not None:
            yield name, codec.key_of.kind


def _of_payloads(contract: ScreenContract, lifecycle: Lifecycle[Any]) -> Iterator[tuple[str, str]]:
    for row in lifecycle.rows:
        for member in contract.form(action_link(lifecycle, row).body_schema).fields:
            if member.reference is not None and is_typed(member):
                yield member.name, member.reference["kind"]
