"""Keys that are made from names, so that people need not type them (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from unicodedata import normalize

from app.desk.forms.faced import KEY, key_source
from app.desk.forms.fields import Form, FormField

#: The longest part of a key that a name supplies, so that a mark fits behind it.
LONGEST_PART = 40
#: Number of characters of a form's own key that distinguish two records with the same name.
MARK_LENGTH = 4
_BETWEEN = re.compile(r"[\W_]+")


def made_key(field: FormField, name: str, kind: str, mark: str) -> str:
    """Return the key that the field takes for a record of that kind and name: of the name's letters and
    digits, of its Latin ones where others are refused, or of the kind and the mark.
    """
    pattern = re.compile(str(field.schema.get("pattern", "")))
    return next(key for key in _keys(name, kind, mark) if key and pattern.search(key))


def marked_key(key: str, mark: str) -> str:
    """Return the key with a mark, since another record has it without one."""
    return f"{key}-{mark[:MARK_LENGTH]}"


def name_without_key(form: Form, body: Mapping[str, Any]) -> str | None:
    """Return the name from which the key of the new record is made; None if the body has a key, or the form
    needs no key.
    """
    source = None if body.get(KEY) else key_source(form)
    return None if source is None or not body.get(source) else str(body[source])


def is_key_taken(problem: Mapping[str, object]) -> bool:
    """Return whether the refusal means that another record has the key."""
    errors = problem.get("errors")
    return isinstance(errors, list) and [(e["pointer"], e["code"]) for e in errors] == [(f"/{KEY}", "taken")]


def _keys(name: str, kind: str, mark: str) -> Iterator[str]:
    latin = normalize("NFKD", name).encode("ascii", "ignore").decode()
    for text in (normalize("NFKC", name), latin):
        yield _BETWEEN.sub("-", text.casefold()).strip("-")[:LONGEST_PART].strip("-")
    yield f"{kind.replace('_', '-')}-{mark[:MARK_LENGTH]}"
