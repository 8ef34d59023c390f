"""Editing of records: each process names the fields that can be corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from app.common.custom import CustomValuesField
from app.common.records import CodeEnum, Record
from app.common.tickets import Ticket
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.process_spec import ActionRows
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import reporter, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import STAYS, PayloadCheck, Prepare, action
from app.kernel.actions.payloads import Patch, marks, provided_fields
from app.kernel.actions.refusals import WrongValue


def apply_patch(record: Record, body: Patch, ctx: ActionContext, *, skip: Iterable[str] = ()) -> None:
    """Set the payload's fields on the record, except those skipped; references become ids."""
    copy_fields(record, body, ctx, without=" ".join(skip))
    if isinstance(record, Ticket) and not marks(type(body), CustomValuesField).keys().isdisjoint(
        body.model_fields_set
    ):
        set_custom_fields(record, ctx)


async def field_reserved_for_staff(
    reads: ReadContext, ticket: Ticket, body: Patch, ctx: ActionContext
) -> None:
    """Refuse if callers who are not staff edit anything but their own texts (`not_their_own_words`)."""
    if not ctx.caller.is_staff_for(ticket):
        for name, _ in provided_fields(body):
            if name not in body.REQUESTER_FIELDS:
                raise WrongValue(pointer=f"/{name}", because="not_their_own_words")


# fmt: off
def edit_action(
    edit: Callable[[Any, Any, ActionContext], None], kind: str, any: Iterable[CodeEnum],  # noqa: A002  # the word of the process document
    *wrong: PayloadCheck, prepare: tuple[Prepare, ...] = (),
) -> ActionRows:
    """Return the action of editing, with further checks of the payload; custom fields are included."""
    return (
        action(edit, "编辑", any, STAYS, staff | reporter, f"{kind}.edited", prepare=prepare,
               wrong=(field_reserved_for_staff, invalid_custom_values, *wrong)),
    )
# fmt: on
