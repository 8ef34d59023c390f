"""Answers to the questions of forms in words: those to the form of a catalogue item, and those about the risk
of a change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.desk.forms.definitions import ANSWERS, RISK_ANSWERS, questions_of
from app.desk.operation_calls import OperationCalls
from app.i18n import translate
from app.i18n.entries import joined

#: Most questionnaires that a page reads: that of the record and the current one. Answers to others are shown
#: as keys.
MOST_QUESTIONNAIRES = 2
#: A list of requests has hardly ever more items; answers to the form of any other are left out.
MOST_ITEMS = 100
#: The field of a request that names the item.
ITEM = "item"


@dataclass
class AnsweredForms:
    """The forms that records of one page answer, each read once."""

    calls: OperationCalls
    _questionnaires: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)
    _items: dict[str, Mapping[str, Any] | None] = field(default_factory=dict)

    async def read(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Read the forms that these records, or payloads, answer."""
        questionnaires = [_questionnaire(values) for values in records if values.get(RISK_ANSWERS)]
        items = [_item(values) for values in records if values.get(ANSWERS)]
        await asyncio.gather(self._read_questionnaires(questionnaires), self._read_items(items))

    def spoken_answers(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members of the record, or payload, that hold answers, in words."""
        words: dict[str, Any] = {}
        if values.get(RISK_ANSWERS):
            words[RISK_ANSWERS] = self._risk_answers(values)
        if values.get(ANSWERS) and _item(values):
            form = (self._items.get(_item(values)) or {}).get("form")
            answered = [] if form is None else shown_answers(form, values[ANSWERS], self.calls.language)
            words[ANSWERS] = [{"label": question, "value": text} for question, text in answered]
        return words

    async def _read_questionnaires(self, names: Iterable[str]) -> None:
        room = MOST_QUESTIONNAIRES - len(self._questionnaires)
        new = [each for each in dict.fromkeys(names) if each not in self._questionnaires][:room]
        reads = [self.calls.read_if_allowed(f"/v1/risk_questionnaires/{name}") for name in new]
        self._questionnaires.update(zip(new, await asyncio.gather(*reads), strict=True))

    async def _read_items(self, keys: Iterable[str]) -> None:
        new = [key for key in dict.fromkeys(keys) if key and key not in self._items][:MOST_ITEMS]
        if new:
            parameters = {"key": ",".join(new), "fields": "key,form", "limit": str(len(new))}
            page = await self.calls.read_if_allowed("/v1/catalogue_items", parameters)
            read = {item["key"]: item for item in (page or {"items": ()})["items"]}
            self._items.update((key, read.get(key)) for key in new)

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


def shown_answers(
    definition: Mapping[str, Any], answers: str | Mapping[str, Any], language: str
) -> Iterator[tuple[str, str]]:
    """Yield the questions of an item with what was answered, as a request has it."""
    values = json.loads(answers) if isinstance(answers, str) else answers
    for question in questions_of(definition):
        if question.name in values:
            value = values[question.name]
            words = {choice.code: choice.words.get(language, choice.code) for choice in question.choices}
            entries = value if isinstance(value, list) else [value]
            spoken = (words.get(str(entry)) or _spoken(entry, language) for entry in entries)
            yield question.text(language), joined(spoken, language)


def _spoken(value: Any, language: str) -> str:
    """Return an answer that is no choice, as people write it."""
    return (
        translate(language, "desk", "yes" if value else "no", {}) if isinstance(value, bool) else str(value)
    )


def _questionnaire(values: Mapping[str, Any]) -> str:
    """Return the name of the questionnaire whose questions were answered."""
    return values.get("questionnaire_id") or "current"


def _item(values: Mapping[str, Any]) -> str:
    """Return the key of the item whose questions were answered."""
    return str(values.get(ITEM) or "")
