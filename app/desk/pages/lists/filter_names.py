"""Names in the filters of a list: people type names of records, and the list takes their ids or keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from app.desk.contract import ListScreen
from app.desk.forms.fields import FormField
from app.desk.names import ID
from app.desk.pages.context import Desk
from app.desk.pages.lists.addresses import address_of_list
from app.desk.references import DETAIL, Hit, find_hits, folded, is_full_name, meant_records
from app.kernel.actions.lifecycle import Lifecycle

#: Values of a filter that name no record.
OF_NO_RECORD = frozenset({"me", "none"})
#: The most records that a part of a name stands for, and the most that are proposed for a wrong name.
MOST_MEANT, MOST_NEAREST = 3, 3
#: What looks like a key: names of teams and services have capitals, blanks or Chinese characters.
KEY = re.compile(r"[a-z0-9._-]+")
#: How alike a wrong name and a proposal are, at least.
LEAST_LIKENESS = 0.5


@dataclass(frozen=True, slots=True)
class UnmatchedText:
    """A text in a filter that names no record: what is wrong, and the names and addresses of the lists of
    those with the nearest names. `is_refused`: the list does not take such a text.
    """

    sentence: str
    nearest: Sequence[tuple[str, str]]
    is_refused: bool


@dataclass(frozen=True, slots=True)
class NamedFilters:
    """Parameters of a list with ids and keys in place of names, and the texts that name no record."""

    parameters: Mapping[str, str]
    unmatched: Sequence[UnmatchedText]

    @property
    def is_refused(self) -> bool:
        """Whether the list would refuse one of the texts."""
        return any(text.is_refused for text in self.unmatched)


async def named_filters(
    desk: Desk, lifecycle: Lifecycle[Any], screen: ListScreen, sent: Mapping[str, str]
) -> NamedFilters:
    """Return the parameters with the records that people named in filters. A key of no record that the reader
    may see stays, because tools send such keys. Raises CallRefused.
    """
    parameters, unmatched = dict(sent), []
    for field in screen.filters:
        if field.reference is None or field.name not in sent:
            continue
        values = []
        for text in await _texts(desk, lifecycle, field, sent[field.name]):
            hits = [] if await _is_value(desk, field, text) else await _hits(desk, lifecycle, field, text)
            meant = _chosen_hits(field, text, hits)
            values += [hit.value for hit in meant] or [text]
            if not meant and not await _is_value(desk, field, text):
                nearest = hits or await _nearest(desk, lifecycle, field, text)
                unmatched.append(_unmatched(desk, lifecycle, field, (text, nearest), sent))
        parameters[field.name] = ",".join(dict.fromkeys(values))
    return NamedFilters(parameters, unmatched)


async def _texts(desk: Desk, lifecycle: Lifecycle[Any], field: FormField, sent: str) -> list[str]:
    """Return the texts that commas separate; a single one if a record is called so, comma included."""
    if "," in sent and any(is_full_name(hit, sent) for hit in await _hits(desk, lifecycle, field, sent)):
        return [sent]
    return [text.strip() for text in sent.split(",") if text.strip()]


async def _is_value(desk: Desk, field: FormField, text: str) -> bool:
    """Return whether the list takes the text as it is, because it is an id, or the key of a record."""
    if text in OF_NO_RECORD or ID.fullmatch(text):
        return True
    assert field.reference is not None
    return not _takes_ids(field) and bool(await desk.names.titles(field.reference["kind"], [text]))


def _takes_ids(field: FormField) -> bool:
    return field.reference is not None and field.reference["by"] == "id"


async def _hits(desk: Desk, lifecycle: Lifecycle[Any], field: FormField, text: str) -> list[Hit]:
    return await meant_records(desk.calls, field, text, lifecycle.kind)


def _chosen_hits(field: FormField, text: str, hits: Sequence[Hit]) -> Sequence[Hit]:
    """Return the records that the text of a filter means: those with this full name, or otherwise those with
    the text in their name, if they are few. A filter by key takes a part of a name only if one record has it
    and the text does not look like a key, because tools may send unknown keys.
    """
    called_so = [hit for hit in hits if is_full_name(hit, text)]
    most = MOST_MEANT if _takes_ids(field) else 0 if KEY.fullmatch(text) else 1
    return called_so or (hits if len(hits) <= most else ())


async def _nearest(desk: Desk, lifecycle: Lifecycle[Any], field: FormField, text: str) -> list[Hit]:
    """Return the records whose names are most like a text that none has."""
    assert field.reference is not None
    hits = {
        folded(name): hit
        for begin in (text[:1], "")
        for hit in await find_hits(desk.calls, field.reference, begin, lifecycle.kind)
        for name in (hit.value, hit.label.split(DETAIL)[0])
    }
    names = get_close_matches(folded(text), hits, MOST_NEAREST, LEAST_LIKENESS)
    return list({hits[name].value: hits[name] for name in names}.values())


def _unmatched(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    field: FormField,
    named: tuple[str, Sequence[Hit]],
    sent: Mapping[str, str],
) -> UnmatchedText:
    text, hits = named
    label = desk.contract.field_label(field.name, {}, desk.language)
    links = _links(lifecycle.kind, field.name, text, hits[:MOST_NEAREST], sent)
    sentence = desk.sentence("no_such_name", field=label, name=text)
    return UnmatchedText(sentence, list(links), _takes_ids(field))


def _links(
    kind: str, name: str, text: str, hits: Sequence[Hit], sent: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the labels of the records, and the address of the list with each in place of the text."""
    lasting = {key: value for key, value in sent.items() if key not in ("cursor", "from", "selected")}
    for hit in hits:
        values = [hit.value if value.strip() == text else value for value in sent[name].split(",")]
        yield hit.label, address_of_list(kind, {**lasting, name: ",".join(values)})
