"""Labels and help of fields in both languages, as `fields.toml` has them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.i18n import LANGUAGES

WORD_OF_NAME = re.compile("[A-Z][a-z0-9]*")
#: The same text in English and in Chinese.
Texts = tuple[str, str]


@dataclass(frozen=True)
class FieldWords:
    """The labels by field name, those of lists within records by the ends of their paths, and those of fields
    that mean something else in one schema, by `<schema>.<field>`. The help is by `<schema>.<field>`, by the
    last words of the schema's name and the field, or by the field alone.
    """

    labels: Mapping[str, Texts]
    lists: Mapping[str, Texts]
    own: Mapping[str, Texts]
    help: Mapping[str, Texts]

    def help_place(self, schema: str, name: str) -> str | None:
        """Return the key of the help for that field, the most specific one, or None."""
        parts = WORD_OF_NAME.findall(schema)
        places = ["".join((*parts[first:], ".", name)) for first in range(len(parts))]
        return next((place for place in (*places, name) if place in self.help), None)

    def of_field(self, schema: type[Any], name: str, language: str) -> tuple[str, str | None]:
        """Return the label and the help of a field of the model in that language. A field without a label has
        its name.
        """
        declared = schema.model_fields[name].json_schema_extra or {}
        place, chosen = self.help_place(schema.__name__, name), LANGUAGES.index(language)
        label = self.own.get(f"{schema.__name__}.{name}") or self.labels.get(name)
        own_label = declared.get("x-label", {}).get(language, name.replace("_", " "))
        own_help = declared.get("x-help", {}).get(language)
        return (
            own_label if label is None else label[chosen],
            own_help if place is None else self.help[place][chosen],
        )


@cache
def field_words() -> FieldWords:
    """Return all words for fields, as the file has them."""
    text = Path(__file__).with_name("fields.toml").read_text(encoding="utf-8")
    return FieldWords(**tomllib.loads(text))
