"""What a delivery leads to, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.desk.administration.mapping_fields import FIELDS, EntryKind
from app.desk.pages.context import Desk
from app.desk.values import EMPTY
from app.i18n import sentences

#: Members of news that say how the delivery was read.
FOR_PROGRAMS = frozenset({"kind", "process", "dated_by_receipt"})
#: Values that the tool sent, by names of its own; and those before their translation, by ours.
OWN_LABELS, COLUMNS, FIELDS_OF_TICKET = "labels", "columns", "fields"
#: The fields of a ticket that people look for first, in this order.
FIRST_FIELDS = (
    "title",
    "description",
    "team",
    "service",
    "category",
    "ci",
    "priority",
    "impact",
    "urgency",
    "effect",
)
#: Fields that the source fills for tickets that the tool sends without them, by the kind of news.
FROM_SOURCE: Mapping[str, tuple[str, ...]] = {
    "ticket": ("team", "service", "category"),
    "request": ("team", "service", "category"),
    "alert": ("team", "service", "category"),
    "deployment": ("service",),
}
STATUS = "status"


@dataclass(frozen=True, slots=True)
class ShownNews:
    """A piece of news in words: its kind, the values of its fields with their labels, and the labels that the
    tool sent under names of its own.
    """

    kind: str
    facts: list[tuple[str, str]]
    own_labels: list[tuple[str, str]]


def shown_news(desk: Desk, news: Mapping[str, Any], source: Mapping[str, Any]) -> ShownNews:
    """Return a piece of news of a delivery of that source in words, each field once."""
    kind = str(news["kind"])
    words = sentences(desk.language)["integrations"].get(f"news_{kind}", kind)
    facts = dict(_facts(desk, kind, _from_source(source, kind) | _values(news)))
    own = {name: desk.display.html(text, {}, "") for name, text in (news.get(OWN_LABELS) or {}).items()}
    return ShownNews(words, list(facts.items()), list(own.items()))


def _values(news: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the news by their names: as they are stored, else as the tool sent them."""
    ours = {name: part for name, part in news.items() if name not in (OWN_LABELS, COLUMNS, *FOR_PROGRAMS)}
    by_name: dict[str, Any] = {}
    for name, part in {**(news.get(COLUMNS) or {}), **ours, **(news.get(FIELDS_OF_TICKET) or {})}.items():
        if part not in EMPTY and name != FIELDS_OF_TICKET and (part != 0 or isinstance(part, bool)):
            by_name[name.rpartition(".")[2]] = part
    return by_name


def _from_source(source: Mapping[str, Any], kind: str) -> dict[str, Any]:
    names = FROM_SOURCE.get(kind, ())
    return {name: source[name] for name in names if source.get(name) not in EMPTY}


def _facts(desk: Desk, kind: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    named = {each.name: each for each in FIELDS[EntryKind(kind)]} if kind in set(EntryKind) else {}
    for name in sorted(
        values, key=lambda name: FIRST_FIELDS.index(name) if name in FIRST_FIELDS else len(FIRST_FIELDS)
    ):
        codes = (named[name].codes if name in named else None) or {}
        if name == STATUS and values[name] in codes:
            yield named[name].label.text(desk.language), codes[values[name]].text(desk.language)
        else:
            label = desk.contract.field_label(name, {}, desk.language)
            yield label, desk.display.html(values[name], {}, name)
