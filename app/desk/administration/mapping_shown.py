"""The mapping of a source as its page shows it: as a table like its form, with the text folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.desk.administration.mapping_fields import ENTRY_LABELS, FIELDS
from app.desk.administration.mapping_form import FieldSource, FormEntry, entries_in
from app.desk.pages.context import Desk
from app.desk.values import TABLE
from app.html.templates import render
from app.html.wording import Wording


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A field of an entry, in words: its label, its sources, and its translated values."""

    label: str
    sources: Sequence[FieldSource]
    values: Sequence[tuple[str, str]]


def shown_mapping(desk: Desk, text: str) -> Markup | None:
    """Return the mapping as tables; None if only its text can show all of it."""
    entries = entries_in(text)
    if not entries:
        return None
    return render(
        "desk/administration/mapping_shown.html",
        Wording(desk.language, TABLE),
        entries=[
            (entry, ENTRY_LABELS[entry.kind].text(desk.language), _rows(desk, entry)) for entry in entries
        ],
        text=text,
    )


def _rows(desk: Desk, entry: FormEntry) -> list[ShownRow]:
    rows = []
    for field in FIELDS[entry.kind]:
        sources = [source for source in entry.sources_of(field) if source.text]
        if sources:
            words = {code: label.text(desk.language) for code, label in (field.codes or {}).items()}
            values = [(theirs, words.get(ours, ours)) for theirs, ours in entry.values_of(field)]
            rows.append(ShownRow(field.label.text(desk.language), sources, values))
    return rows
