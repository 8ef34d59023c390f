"""Instants in forms: shown to the second, as browsers let people choose them, and sent as they were unless
somebody changes them (pure).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.desk.forms.fields import FieldKind, FormField
from app.desk.forms.inputs import Inputs
from app.desk.forms.pointers import field_at

#: Prefix of the pointer in the name of an input that keeps the value a form showed first.
SHOWN_VALUE_PREFIX = "kept:"
#: The length of a time without fractions of a second and without an offset.
TO_THE_SECOND = len("2026-11-28T11:38:08")


def shown_to_the_second(fields: Sequence[FormField], inputs: Inputs) -> dict[str, Sequence[str]]:
    """Return the inputs with instants to the second, and the inputs that keep the whole instants."""
    inputs_shown = dict(inputs)
    for pointer, texts in inputs.items():
        if _is_instant(fields, pointer) and len(texts) == 1 and texts[0][TO_THE_SECOND:].startswith("."):
            text = texts[0][:TO_THE_SECOND]
            if texts[0][TO_THE_SECOND + 1 :].isdecimal():
                inputs_shown[pointer] = [text]
                inputs_shown[f"{SHOWN_VALUE_PREFIX}{pointer}"] = [f"{texts[0]} {text}"]
    return inputs_shown


def with_whole_instants(fields: Sequence[FormField], inputs: Inputs) -> dict[str, Sequence[str]]:
    """Return the inputs with the whole instants in place of unchanged ones."""
    sent = dict(inputs)
    for pointer, texts in inputs.items():
        for pair in inputs.get(f"{SHOWN_VALUE_PREFIX}{pointer}", ()) if _is_instant(fields, pointer) else ():
            stored, _, short = pair.partition(" ")
            if list(texts) == [short]:
                sent[pointer] = [stored]
    return sent


def _is_instant(fields: Sequence[FormField], pointer: str) -> bool:
    field = field_at(fields, pointer) if pointer.startswith("/") else None
    return field is not None and field.kind is FieldKind.instant
