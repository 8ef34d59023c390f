"""Title and description of a request from the answers to its item's form, by the item's templates (pure).

A template is a text in which `{field}` stands for the answer to that field of the form. Choices are written
by their labels. Titles are not encrypted and stand in lists, so only answers that are no free text go in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.foundation.services.records import CatalogueItem
from app.kernel.actions.forms import read_answers
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH
from app.kernel.actions.refusals import WrongValue

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
BRACES = frozenset("{}")
#: The formats of text whose values are no free text.
CLOSED_FORMATS = frozenset({"date", "date-time"})
TRUTHS = {"en": ("No", "Yes"), "zh": ("否", "是")}
LISTED = {"en": ", ", "zh": "、"}
SHORTENED = "…"


def check_templates(item: CatalogueItem) -> None:
    """Raise WrongValue unless the item's templates name fields of its form, and that of the title only such
    as hold no free text.
    """
    fields: Mapping[str, Any] = {} if item.form is None else item.form["properties"]
    closed = {name: schema for name, schema in fields.items() if _is_closed(schema)}
    _check_template(item.title_template, closed, "/title_template")
    _check_template(item.description_template, fields, "/description_template")


def _check_template(template: str | None, fields: Mapping[str, Any], pointer: str) -> None:
    if template is None:
        return
    if not BRACES.isdisjoint(PLACEHOLDER.sub("", template)):
        raise WrongValue({"example": "{size}"}, pointer=pointer, because="template_braces")
    for name in PLACEHOLDER.findall(template):
        if name not in fields:
            words = {"name": name, "known": ", ".join(fields) or "-"}
            raise WrongValue(words, pointer=pointer, because="template_field")


def _is_closed(schema: Mapping[str, Any]) -> bool:
    """Return whether the field's values are no free text."""
    if schema["type"] == "array":
        return _is_closed(schema["items"])
    return schema["type"] != "string" or "enum" in schema or schema.get("format") in CLOSED_FORMATS


def supplied_title(item: CatalogueItem, answers: str | None, language: str) -> str | None:
    """Return the title of a request with these answers; None without a title template."""
    if item.title_template is None:
        return None
    title = " ".join(_filled(item.title_template, item, answers, language).split())
    own_title = item.title_zh if language == "zh" else item.title_en
    return _shortened(title or str(own_title), LONGEST_LINE)


def supplied_description(item: CatalogueItem, answers: str | None, language: str) -> str | None:
    """Return the description of a request with these answers; None without a template."""
    if item.description_template is None:
        return None
    text = _filled(item.description_template, item, answers, language).strip()
    own_title = item.title_zh if language == "zh" else item.title_en
    return _shortened(text or str(own_title), LONGEST_PARAGRAPH)


def _filled(template: str, item: CatalogueItem, answers: str | None, language: str) -> str:
    values = {} if answers is None else read_answers(answers)
    fields: Mapping[str, Any] = {} if item.form is None else item.form["properties"]

    def answer(match: re.Match[str]) -> str:
        name = match[1]
        return "" if values.get(name) is None else _written(values[name], fields[name], language)

    return PLACEHOLDER.sub(answer, template)


def _written(value: Any, schema: Mapping[str, Any], language: str) -> str:
    """Return the answer as it is written in that language."""
    if isinstance(value, list):
        entries = (_written(entry, schema["items"], language) for entry in value)
        return LISTED[language].join(entries)
    if "x-enum-labels" in schema and value in schema["enum"]:
        return str(schema["x-enum-labels"][schema["enum"].index(value)][language])
    return TRUTHS[language][value] if isinstance(value, bool) else str(value)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(SHORTENED)] + SHORTENED
