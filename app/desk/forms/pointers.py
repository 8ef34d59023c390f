"""Fields by the pointers of their inputs (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.inputs import PAIR_VALUE

#: Fields with one input, whose values have pointers of their own: an entry of a list, or a part of free JSON.
WITH_INNER_VALUES = frozenset({FieldKind.lines, FieldKind.choices, FieldKind.anything})


def field_at(fields: Sequence[FormField], pointer: str) -> FormField | None:
    """Return the field whose input has that pointer, or has the value with that pointer in it, or None."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
    member: FormField | None = None
    while names:
        name = names.pop(0)
        member = next((field for field in fields if field.name == name), None)
        if member is None or not names or member.kind in WITH_INNER_VALUES:
            return member
        if member.kind is FieldKind.rows:
            names.pop(0)  # the number of the row
        elif member.kind is FieldKind.pairs:
            if names[1:2] != [PAIR_VALUE]:
                return None
            names.pop(0)
        elif member.kind not in (FieldKind.part, FieldKind.role):
            return None
        fields = member.inner_fields
    return member
