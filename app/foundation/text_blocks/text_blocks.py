"""Text blocks: answers that recur (lifecycle).

active ⇄ retired
"""

from __future__ import annotations

from pydantic import Field

from app.common.people import Role
from app.foundation.editing import apply_patch
from app.foundation.text_blocks.face import FACE
from app.foundation.text_blocks.placeholders import Placeholder, unknown_placeholders
from app.foundation.text_blocks.records import TextBlock
from app.foundation.text_blocks.records import TextBlockState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Paragraph, Patch, Payload, RecordKey, ShortText
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken

#: Roles that answer for the desk's texts to requesters, next to administrators.
KEEPER = admin | role(Role.incident_manager, Role.service_level_manager, Role.problem_manager) | rule


class TextBlockTexts(Payload, of=TextBlock):
    """The texts of a text block, which may be edited."""

    title_en: ShortText
    title_zh: ShortText
    text_en: Paragraph
    text_zh: Paragraph


class AddTextBlock(TextBlockTexts, of=TextBlock):
    """A recurring answer in both languages."""

    key: RecordKey
    process: RecordKey | None = Field(
        default=None,
        description="Kind of the tickets for which the text block is offered; if left out, tickets "
        "of every kind.",
    )


def add(block: TextBlock, body: AddTextBlock, ctx: ActionContext) -> None:
    """Add a text block. It is offered to people who answer tickets of its process."""
    copy_fields(block, body, ctx)


async def process_without_comments(
    reads: ReadContext, block: TextBlock, body: AddTextBlock, ctx: ActionContext
) -> None:
    """Refuse if the process has no tickets that can be answered on."""
    if body.process is None:
        return
    lifecycle = reads.lifecycles.get(body.process)
    if lifecycle is None or not lifecycle.is_ticket:
        raise WrongValue({"value": body.process}, pointer="/process", because="unknown_value")


async def unknown_placeholder(
    reads: ReadContext, block: TextBlock, body: TextBlockTexts, ctx: ActionContext
) -> None:
    """Refuse if a word in braces stands for nothing."""
    choices = ", ".join(f"{{{placeholder.value}}}" for placeholder in Placeholder)
    for name in ("text_en", "text_zh"):
        for placeholder in unknown_placeholders(getattr(body, name) or ""):
            raise WrongValue(
                {"value": f"{{{placeholder}}}", "known": choices},
                pointer=f"/{name}",
                because="no_placeholder",
            )


class EditTextBlock(Patch, TextBlockTexts):
    """Fields to change; fields left out stay unchanged."""


def edit(block: TextBlock, body: EditTextBlock, ctx: ActionContext) -> None:
    """Edit the text block. Answers that were sent with it stay unchanged."""
    apply_patch(block, body, ctx)


def retire(block: TextBlock, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the text block: it is no longer offered."""


def reinstate(block: TextBlock, body: EmptyPayload, ctx: ActionContext) -> None:
    """Reinstate the text block: it is offered again."""
    block.retired_at = None


# fmt: off
LIFECYCLE = Lifecycle(
    kind="text_block", plural="text_blocks", zh="文本块", record=TextBlock, access=KindAccess(administrative=True),
    face=FACE,
    visible=(to_staff(),),
    rules=Rules(constraints={"text_block_key_key": ValueTaken("key")}),
    rows=(
        #      action     中文    from             to             who     event
        action(add,       "添加", NEW_RECORD,      State.active,  KEEPER, "text_block.added",  wrong=(process_without_comments, unknown_placeholder)),
        action(edit,      "编辑", [State.active],  STAYS,         KEEPER, "text_block.edited", wrong=(unknown_placeholder,)),
        action(retire,    "停用", [State.active],  State.retired, KEEPER, "text_block.retired"),
        action(reinstate, "恢复", [State.retired], State.active,  KEEPER, "text_block.reinstated"),
    ),
)
# fmt: on
