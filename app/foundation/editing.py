"""Editing of records: each process names the fields that can be corrected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from app.common.custom import CustomValuesField
from app.common.records import CodeEnum, Record, all_values
from app.common.tickets import Ticket
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.process_spec import ActionRows
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import reporter, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import STAYS, Branch, PayloadCheck, Prepare, action
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


@dataclass(frozen=True)
class JudgedStep:
    """A step that judges fields of the record, such as the assessment of a change.

    The step leads to `state`. If one of the `fields` is altered there, the `verdict` (another field) is
    cleared, and the record returns to `back_to`, where the step is taken again.
    """

    state: CodeEnum
    back_to: CodeEnum
    verdict: str
    fields: Collection[str]

    def forget_verdict(self, before: Record, after: Any) -> None:
        """Clear the verdict if a judged field has been altered."""
        old, new = all_values(before), all_values(after)
        if after.state is self.state and any(old[name] != new[name] for name in self.fields):
            setattr(after, self.verdict, None)

    def target(self, edited_in: Iterable[CodeEnum]) -> Branch:
        """Return where an edit in one of these states leads."""
        states = tuple(edited_in)
        outcomes: dict[CodeEnum, tuple[CodeEnum, ...]] = {state: (state,) for state in states} | {
            self.state: (self.state, self.back_to)
        }
        return Branch(self._state_after, states, outcomes=outcomes)

    def _state_after(self, record: Any) -> CodeEnum:
        is_judged = record.state is not self.state or getattr(record, self.verdict) is not None
        state: CodeEnum = record.state if is_judged else self.back_to
        return state


# fmt: off
def edit_action(
    edit: Callable[[Any, Any, ActionContext], None], kind: str, any: Iterable[CodeEnum],  # noqa: A002  # the word of the process document
    *wrong: PayloadCheck, prepare: tuple[Prepare, ...] = (), judged: JudgedStep | None = None,
) -> ActionRows:
    """Return the action of editing, with further checks of the payload; custom fields are included. An edit
    of what the step `judged` leads back to before that step; `edit` calls its `forget_verdict`.
    """
    return (
        action(edit, "编辑", any, STAYS if judged is None else judged.target(any), staff | reporter, f"{kind}.edited", prepare=prepare,
               wrong=(field_reserved_for_staff, invalid_custom_values, *wrong)),
    )
# fmt: on
