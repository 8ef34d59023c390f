"""The decision of an action: from a record, a payload and a context to an event and new rows. Pure: no
database, no clock.

The changes that `apply` made are found by comparing the record before and after, so the event's `set` cannot
disagree with the row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.common.custom import encrypt_values
from app.common.personal import Ciphertext
from app.common.records import ALTERED, PARENT_FIELD, Record, RecordPart, as_row, codecs
from app.common.state_fields import enter_state
from app.common.tickets import Ticket
from app.common.times.instants import later_instant
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Action, Lifecycle, Unchanged
from app.kernel.actions.payloads import Payload, to_event_data

R = TypeVar("R", bound=Record)
Encrypt = Callable[[str], Ciphertext]


@dataclass(slots=True)
class CommandDecision:
    """The result of an action: the record after it, the event's data, the rows to write and those to remove.

    `staff_only`: whether only staff may see the event.
    """

    record: Any
    data: dict[str, Any]
    staff_only: bool
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    removals: list[tuple[str, str]] = field(default_factory=list)


def decide(
    lifecycle: Lifecycle[R],
    row: Action[R, Any],
    before: R,
    body: Payload,
    ctx: ActionContext,
    *,
    version: int,
    encrypt: Encrypt,
) -> CommandDecision:
    """Apply the action `row` to a copy of the record `before`, and return the decision. `version` is the one
    that the event will have in its stream; `encrypt` encrypts personal texts.
    """
    after = before.editable_copy()
    if isinstance(after, Ticket) and ctx.assigned.number is not None:
        after.number = ctx.assigned.number
    row.apply(after, body, ctx)
    if lifecycle.rules.derivation is not None:
        lifecycle.rules.derivation.apply(after, body, ctx)
    _change_state(row, before, after, ctx)
    _mark_altered(before, after, ctx)
    encrypting = _once_per_text(encrypt)
    fields = changed_fields(before, after, encrypting)
    of_parts = _changed_parts(before, after, encrypting)
    changes: dict[str, Any] = {}
    rows: list[tuple[str, dict[str, Any]]] = []
    if fields or of_parts:
        _stamp(after, before, version, ctx)
        changes[after.row_key] = fields
        rows.append((lifecycle.table, as_row(after)))
    for part_class, part_fields in of_parts.items():
        part = after.record_part(part_class)
        _stamp(part, before.record_part(part_class), version, ctx)
        changes[part.row_key] = part_fields
        rows.append((f"fold.{part.KIND}", as_row(part)))
    for was, child in (*((None, added) for added in ctx.outcome.added), *ctx.outcome.changed):
        if fields := changed_fields(was, child, encrypting):
            _stamp(child, was, version, ctx)
            changes[child.row_key] = fields
            rows.append((f"fold.{child.KIND}", as_row(child)))
    rows += ctx.outcome.derived
    changes |= {child.row_key: None for child in ctx.outcome.removed}
    removals = [(f"fold.{child.KIND}", str(child.id)) for child in ctx.outcome.removed]
    custom = {
        column: encrypt_values(values, encrypting) for column, values in ctx.input.custom.values.items()
    }
    data = {"given": to_event_data(body, ctx.input.references, encrypting) | custom, "set": changes}
    return CommandDecision(after, data, row.reach.staff_only or ctx.outcome.staff_only, rows, removals)


def _mark_altered(before: Record, after: Record, ctx: ActionContext) -> None:
    """Mark which fields were altered on the way in: on the child record that has a field of that name, else
    on the record. A field that gets another value loses its earlier mark.
    """
    left = dict(ctx.input.altered)
    children = [*((None, child) for child in ctx.outcome.added), *ctx.outcome.changed]
    for was, record in (*children, (before, after)):
        fields = codecs(type(record))
        if ALTERED not in fields:
            continue
        own = left if record is after else {name: left.pop(name) for name in fields if name in left}
        marked: dict[str, list[str]] = getattr(record, ALTERED) or {}
        marks = {name: codes for name, codes in marked.items() if was is None or _is_same(was, record, name)}
        if marked or own:
            setattr(record, ALTERED, {**marks, **own} or None)


def _is_same(before: Record, after: Record, name: str) -> bool:
    """Return whether the field with that name, or with that name and `_id`, is unchanged."""
    return all(getattr(before, each, None) == getattr(after, each, None) for each in (name, f"{name}_id"))


def _changed_parts(before: Record, after: Record, encrypt: Encrypt) -> dict[type[RecordPart], dict[str, Any]]:
    """Return the changed fields of each part that has some; a part's first row names its record."""
    changed: dict[type[RecordPart], dict[str, Any]] = {}
    for part_class in after.PARTS:
        part = after.record_part(part_class)
        if fields := changed_fields(before.record_part(part_class), part, encrypt):
            if part.record is None:
                part.record = fields[PARENT_FIELD] = after.row_key
            changed[part_class] = fields
    return changed


def add_child_row(decided: CommandDecision, row: Record, ctx: ActionContext, *, version: int) -> None:
    """Add a child record that comes from no payload to the decision's event and rows; it holds no personal
    text.
    """
    _stamp(row, None, version, ctx)
    decided.data["set"][row.row_key] = changed_fields(None, row, Ciphertext)
    decided.rows.append((f"fold.{row.KIND}", as_row(row)))
    ctx.outcome.add(row)


def _stamp(row: Record, before: Record | None, version: int, ctx: ActionContext) -> None:
    row.version, row.appended_at = version, None
    row.changed_at = later_instant(None if before is None else before.changed_at, ctx.occurred_at)


def _change_state(row: Action[R, Any], before: R, after: R, ctx: ActionContext) -> None:
    """Set the new state, and the fields that follow from it."""
    if isinstance(row.to, Unchanged):
        return
    state = row.to(after) if callable(row.to) else row.to
    if state != getattr(before, "state"):  # noqa: B009  # records with a lifecycle have one
        enter_state(after, state, ctx.occurred_at)


def changed_fields(before: Record | None, after: Record, encrypt: Encrypt) -> dict[str, Any]:
    """Return the fields of `after` that differ from `before` (None: all that have a value), as JSON data.

    Encrypts personal values, in `after` as well: from here on no object holds the plain text.
    """
    changed: dict[str, Any] = {}
    old = {} if before is None else before.__dict__
    for name, codec in codecs(type(after)).items():
        value = after.__dict__[name]
        if value == old.get(name):
            continue
        codec.check(value)
        if value is not None and codec.personal and not isinstance(value, Ciphertext):
            value = encrypt(value)
            setattr(after, name, value)
        elif value is not None and codec.holds_values:
            value = encrypt_values(value, encrypt)
            setattr(after, name, value)
        changed[name] = None if value is None else codec.write(value)
    return changed


def _once_per_text(encrypt: Encrypt) -> Encrypt:
    """Return a function that encrypts each text once per command, so that `given` and `set` hold one
    ciphertext.
    """
    ciphertexts: dict[str, Ciphertext] = {}

    def encrypting(text: str) -> Ciphertext:
        if text not in ciphertexts:
            ciphertexts[text] = encrypt(text)
        return ciphertexts[text]

    return encrypting
