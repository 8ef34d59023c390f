"""Context next to the form of an action: its record. For a judgement, such as a vote, a signature or a
review, also the contents of the record: the decision with its votes so far, documents, measurements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.desk.contract import ChildScreen
from app.desk.forms.fields import FormField
from app.desk.forms.inputs import Inputs
from app.desk.pages.context import Desk
from app.desk.pages.record.planned_window import WindowCheck, window_check
from app.desk.pages.record.read_fields import essential_fields, narrowed, placed_fields, planned_span
from app.desk.pages.records import (
    VOTES,
    ChildTable,
    RecordList,
    RecordView,
    named_parts,
    read_lists,
    shown_fields,
)
from app.desk.references import child_names, names_row
from app.desk.values import ShownField
from app.kernel.actions.lifecycle import Action
from app.ticketing.routes.asked_actions import ASKED_ACTIONS

#: Actions that a notice asks for, and votes: the person asked has hardly seen the record before.
JUDGEMENTS = VOTES | {name for actions in ASKED_ACTIONS.values() for name in actions.names}
#: Fields that describe the record and are shown in full, and the most other fields that are shown if the page
#: of the record always shows none.
SUBJECT_FIELDS = frozenset({"description", "reason", "what", "why"})
MOST_OPEN = 8
#: Lists within a record that do not describe the matter, and the list of what it rests on.
NO_EVIDENCE, EVIDENCE = frozenset({"followers", "onlookers", "tags"}), "evidence"


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """Facts of the record: those that its page always shows (its first ones, if there are none), its planned
    window and what overlaps it, its texts, and folded fields; and the lists within it, if the action is a
    judgement, first those that the form names.
    """

    is_judgement: bool
    span: tuple[str, Markup, Markup] | None
    window: WindowCheck | None
    essentials: Sequence[ShownField]
    texts: Sequence[ShownField]
    further: Sequence[ShownField]
    tables: Sequence[ChildTable]


async def evidence_for(
    desk: Desk,
    view: RecordView,
    row: Action[Any, Any],
    fields: Sequence[FormField],
    inputs: Inputs,
    *,
    in_full: bool = False,
) -> RecordEvidence:
    """Return the context of the form with these inputs, with the lists within the record if it is a judgement
    or they are wanted `in_full`. Raises CallRefused.
    """
    is_judgement = row.name in JUDGEMENTS
    lists = await _lists(desk, view, _named(fields, inputs), in_full=is_judgement or in_full)
    parts = await named_parts(desk, view, lists=lists)
    placed = placed_fields(view, list(desk.display.fields(parts.record, shown_fields(desk, view.lifecycle))))
    folded = placed["folded_texts"] + placed["spoken"]
    judged = view.lifecycle.face.judged.get(row.name, ())
    # People who judge the record read its texts without unfolding them.
    reads_texts = is_judgement or in_full
    subjects = [
        field
        for field in folded + placed["facts"]
        if field.name in SUBJECT_FIELDS or (reads_texts and field.is_long and field.name not in judged)
    ]
    further = [field for field in folded if field not in subjects and field.name not in judged]
    facts = [field for field in placed["facts"] if field not in subjects and field.name not in judged]
    essentials = essential_fields(desk, view, parts.record, judged)
    most_open = 0 if essentials else MOST_OPEN
    return RecordEvidence(
        is_judgement,
        planned_span(desk, view),
        await window_check(desk, view),
        essentials or facts[:most_open],
        [*subjects, *placed["texts"]],
        [*facts[most_open:], *further, *placed["instants"]],
        [narrowed(table) for table in parts.tables if table.rows],
    )


def _named(fields: Sequence[FormField], inputs: Inputs) -> dict[str, str | None]:
    """Return the kinds of rows within the record that the form names, with the row that it names now."""
    return {
        field.reference["kind"]: next(iter(inputs.get(f"/{field.name}", ())), None)
        for field in fields
        if field.reference is not None and names_row(field)
    }


async def _lists(
    desk: Desk, view: RecordView, named: Mapping[str, str | None], *, in_full: bool
) -> list[RecordList]:
    """Return the lists within the record, those first that are named; unless all are wanted, only the
    evidence that the record rests on.
    """
    children = [
        child
        for child in desk.contract.children(view.lifecycle.plural)
        if child.name == EVIDENCE or (in_full and child.name not in NO_EVIDENCE)
    ]
    children.sort(key=lambda child: not any(_concerns(child, kind) for kind in named))
    chosen = {kind: value for kind, value in named.items() if value}
    return await read_lists(desk, view, ((child, _condition(child, chosen)) for child in children))


def _concerns(child: ChildScreen, kind: str) -> bool:
    """Return whether the list is of rows of that kind, or of what belongs to them."""
    return child.name in child_names(kind) or f"{kind}_id" in child.fields


def _condition(child: ChildScreen, chosen: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the member and value of the rows that belong to what is chosen; None: all rows do."""
    for kind, value in chosen.items():
        if _concerns(child, kind):
            return ("id" if child.name in child_names(kind) else f"{kind}_id"), value
    return None
